import { type AcceptedStatement, ListedDelegation, page, type StatementOf } from '@chartkey/vocabulary';
import { ActingFor } from './acting-for.ts';
import type { Gateway } from './gateway.ts';
import { keyProof } from './key-proof.ts';
import type { Keys } from './keys.ts';
import type { Listing, PageShape } from './listing.ts';
import { Statements } from './sequence.ts';
import { Session } from './session.ts';
import { Author, type Order, type SignedStatement } from './statements.ts';

export interface PersonOptions {
  /** the person's id when it is no longer the thumbprint of the present key */
  id?: string | undefined;
  /** what an earlier run left unsettled: `statements.unsettled` */
  unsettled?: SignedStatement | undefined;
}

export type DelegateWords = Pick<
  StatementOf<'nameDelegate'>,
  'person' | 'kind' | 'powers' | 'notBefore' | 'notAfter'
>;
export type ContactWords = Pick<StatementOf<'nameContacts'>, 'contacts' | 'outside'>;
/** `key` is what `proofOfKeys` made with the new keys, for the patient that is recovered. */
export type RecoveryWords = Pick<StatementOf<'startRecovery'>, 'patient' | 'key' | 'lost' | 'inPerson'>;

/** Somebody enrolled, with one of its keys: whose keys count, who acts for it, who helps when all are lost. */
export class Person extends Session {
  readonly id: string;
  readonly statements: Statements;

  constructor(
    gateway: Gateway,
    readonly keys: Keys,
    options: PersonOptions = {},
  ) {
    super(gateway, { signer: keys.sig, issuer: options.id });
    this.id = options.id ?? keys.sig.id;
    const author = new Author(gateway.network, keys.sig, { issuer: this.id, now: gateway.calls.now });
    const registrar = {
      submit: (statement: string) => gateway.submit(statement),
      nextSeq: async () => (await this.patientFacts(this.id)).nextSeq,
    };
    this.statements = new Statements(author, registrar, options.unsettled);
  }

  /** That new keys are held, for `addKey`, `rotateKey` or a contact's `startRecovery`. @param owner this person unless given */
  proofOfKeys(keys: Keys, owner: string = this.id): Promise<string> {
    const { network, calls } = this.gateway;
    return keyProof({ network, owner, signer: keys.sig, enc: keys.enc, now: calls.now });
  }

  /** One more key, of another device say. @param proof what `proofOfKeys` made there */
  addKey(proof: string): Promise<AcceptedStatement> {
    return this.statements.numbered((seq) => this.#sign({ act: 'addKey', seq, key: proof }));
  }

  /** @param key its thumbprint; it signs nothing any more, and is never used again */
  removeKey(key: string): Promise<AcceptedStatement> {
    return this.#now({ act: 'removeKey', key });
  }

  /** The present key makes way for a new one: sign with that from here on (`gateway.patient(keys, { id })`). */
  rotateKey(proof: string): Promise<AcceptedStatement> {
    return this.statements.numbered((seq) => this.#sign({ act: 'rotateKey', seq, key: proof }));
  }

  /** Stops all but emergencies and the custodian's own treatment. @param suspect a key or delegate that may be stolen: name it */
  freeze(suspect?: string): Promise<AcceptedStatement> {
    return this.#now({ act: 'freeze', ...(suspect && { suspect }) });
  }

  /** @param approvals ids of two contacts' approvals, where this key may not alone */
  unfreeze(approvals?: string[]): Promise<AcceptedStatement> {
    return this.statements.numbered((seq) =>
      this.#sign({ act: 'unfreeze', seq, ...(approvals && { approvals }) }),
    );
  }

  /** The answer's `id` is the delegation's. */
  nameDelegate(words: DelegateWords): Promise<AcceptedStatement> {
    return this.statements.numbered((seq) => this.#sign({ act: 'nameDelegate', seq, ...words }));
  }

  revokeDelegate(delegation: string): Promise<AcceptedStatement> {
    return this.#now({ act: 'revokeDelegate', delegation });
  }

  /** Who helps when every key is lost. In the place of others, they count after seven days. */
  nameContacts(words: ContactWords): Promise<AcceptedStatement> {
    return this.statements.numbered((seq) => this.#sign({ act: 'nameContacts', seq, ...words }));
  }

  /** As a contact of somebody who has lost every key; the answer's `id` is the recovery's. */
  startRecovery(words: RecoveryWords): Promise<AcceptedStatement> {
    return this.statements.numbered((seq) => this.#sign({ act: 'startRecovery', seq, ...words }));
  }

  vetoRecovery(recovery: string): Promise<AcceptedStatement> {
    return this.#now({ act: 'vetoRecovery', recovery });
  }

  /** With the new key, once enough contacts have approved: seven days begin. @param approvals their ids */
  confirmRecovery(recovery: string, approvals: string[]): Promise<AcceptedStatement> {
    return this.#now({ act: 'confirmRecovery', recovery, approvals });
  }

  /** With the new key, after the seven days. For thirty more it widens nothing. */
  completeRecovery(recovery: string): Promise<AcceptedStatement> {
    return this.#now({ act: 'completeRecovery', recovery });
  }

  /** Whom this person acts for. */
  delegations(): Listing<ListedDelegation> {
    return this.list(page(ListedDelegation), '/v1/delegations');
  }

  /** A list of another patient that this person may see. */
  listing<Item>(shape: PageShape<Item>, path: string): Listing<Item> {
    return this.list(shape, path);
  }

  /** Acts for another patient, as far as its delegations go. */
  for(patient: string): ActingFor {
    return new ActingFor(this, patient);
  }

  async #now(order: Order): Promise<AcceptedStatement> {
    return this.statements.unnumbered(await this.#sign(order));
  }

  #sign(order: Order): Promise<SignedStatement> {
    return this.statements.author.sign(order);
  }
}
