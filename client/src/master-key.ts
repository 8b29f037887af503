import { type AcceptedStatement, type P256Key, type StatementOf, thumbprint } from '@chartkey/vocabulary';
import type { Gateway } from './gateway.ts';
import type { Signer } from './keys.ts';
import type { RecoveryWords } from './person.ts';
import { WrongGateway } from './problems.ts';
import { Statements } from './sequence.ts';
import type { Session } from './session.ts';
import { Author, type SignedStatement } from './statements.ts';

export interface MasterKeyOptions {
  /** anybody's session, to ask for the organisation's next number; without one the first order is number 1 */
  session?: Session | undefined;
  /** the present one, as `session.organisation` answers it, where it is no longer the founding one */
  present?: P256Key | undefined;
  unsettled?: SignedStatement | undefined;
}

/** Whose key is registered, for what and until when (an `Instant`). */
export type Registering = Pick<StatementOf<'registerPractitioner'>, 'practitioner' | 'role' | 'validUntil'>;

/** An organisation's master key: approves its devices, registers its practitioners' keys, and revokes both. */
export class MasterKey {
  readonly statements: Statements;

  /** @throws WrongGateway when it is neither the founding nor the present one of the organisation */
  constructor(gateway: Gateway, organisation: string, signer: Signer, options: MasterKeyOptions = {}) {
    const member = gateway.genesis.organisations.find((one) => one.id === organisation);
    if (!member || thumbprint(options.present ?? member.masterKey) !== signer.id) {
      throw new WrongGateway(`this is not the master key of ${organisation} on ${gateway.network}`);
    }
    const author = new Author(gateway.network, signer, { issuer: organisation, now: gateway.calls.now });
    const registrar = {
      submit: (statement: string) => gateway.submit(statement),
      nextSeq: async () => (options.session ? (await options.session.organisation(organisation)).nextSeq : 1),
    };
    this.statements = new Statements(author, registrar, options.unsettled);
  }

  /** @param proof what the device made with `deviceProof` @param validUntil an `Instant` */
  approve(proof: string, validUntil?: string): Promise<AcceptedStatement> {
    return this.statements.numbered((seq) => this.statements.author.approveDevice(seq, proof, validUntil));
  }

  /** @param proof what the practitioner's key made with `keyProof`, the organisation being its owner */
  registerPractitioner(proof: string, who: Registering): Promise<AcceptedStatement> {
    return this.statements.numbered((seq) =>
      this.statements.author.sign({ act: 'registerPractitioner', seq, key: proof, ...who }),
    );
  }

  /** @param key its thumbprint; it is never registered again */
  async revokePractitioner(key: string): Promise<AcceptedStatement> {
    const revocation = await this.statements.author.sign({ act: 'revokePractitioner', key });
    return this.statements.unnumbered(revocation);
  }

  /** @param device its thumbprint; it is never approved again */
  async revoke(device: string): Promise<AcceptedStatement> {
    return this.statements.unnumbered(await this.statements.author.revokeDevice(device));
  }

  /** This key makes way for a new one. @param proof what `keyProof` made with that, for this organisation */
  rotate(proof: string): Promise<AcceptedStatement> {
    return this.statements.numbered((seq) =>
      this.statements.author.sign({ act: 'rotateMasterKey', seq, key: proof }),
    );
  }

  /** Asks the other members to replace one that is lost; the answer's `id` is the replacement's. */
  replace(organisation: string, proof: string): Promise<AcceptedStatement> {
    return this.statements.numbered((seq) =>
      this.statements.author.sign({ act: 'replaceMasterKey', seq, organisation, key: proof }),
    );
  }

  /** As a contact of somebody who has lost every key; the answer's `id` is the recovery's. */
  startRecovery(words: RecoveryWords): Promise<AcceptedStatement> {
    return this.statements.numbered((seq) =>
      this.statements.author.sign({ act: 'startRecovery', seq, ...words }),
    );
  }
}
