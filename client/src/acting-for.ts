import {
  type AcceptedStatement,
  ListedAccess,
  ListedGrant,
  type ListedRecord,
  type PatientAnswer,
  page,
} from '@chartkey/vocabulary';
import type { Listing } from './listing.ts';
import type { Person } from './person.ts';
import type { DenialWords, GrantWords, Order } from './statements.ts';

/** One who acts for a patient: signs with its own keys, in its own name, for the patient named. */
export class ActingFor {
  constructor(
    readonly delegate: Person,
    readonly patient: string,
  ) {}

  /** Grants consent; the answer's `id` is the grant's. */
  grant(words: GrantWords): Promise<AcceptedStatement> {
    return this.#numbered((seq) => ({ act: 'grantConsent', seq, ...words, patient: this.patient }));
  }

  revoke(grant: string): Promise<AcceptedStatement> {
    return this.#now({ act: 'revokeConsent', grant, patient: this.patient });
  }

  deny(words: DenialWords): Promise<AcceptedStatement> {
    return this.#numbered((seq) => ({ act: 'denyAccess', seq, ...words, patient: this.patient }));
  }

  /** @param suspect a key of the patient, or another delegate, that may be stolen: name it */
  freeze(suspect?: string): Promise<AcceptedStatement> {
    return this.#now({ act: 'freeze', patient: this.patient, ...(suspect && { suspect }) });
  }

  unfreeze(): Promise<AcceptedStatement> {
    return this.#numbered((seq) => ({ act: 'unfreeze', seq, patient: this.patient }));
  }

  vetoRecovery(recovery: string): Promise<AcceptedStatement> {
    return this.#now({ act: 'vetoRecovery', recovery, patient: this.patient });
  }

  /** What stands about the patient: keys, freeze, who acts for it, contacts, recovery. */
  facts(): Promise<PatientAnswer> {
    return this.delegate.patientFacts(this.patient);
  }

  records(): Listing<ListedRecord> {
    return this.delegate.recordsOf(this.patient);
  }

  grants(): Listing<ListedGrant> {
    return this.delegate.listing(page(ListedGrant), `/v1/patients/${this.patient}/grants`);
  }

  /** Every look at the patient's records but those that the patient hides from this delegate. */
  accesses(): Listing<ListedAccess> {
    return this.delegate.listing(page(ListedAccess), `/v1/patients/${this.patient}/accesses`);
  }

  #numbered(order: (seq: number) => Order): Promise<AcceptedStatement> {
    const { statements } = this.delegate;
    return statements.numbered((seq) => statements.author.sign(order(seq)));
  }

  async #now(order: Order): Promise<AcceptedStatement> {
    const { statements } = this.delegate;
    return statements.unnumbered(await statements.author.sign(order));
  }
}
