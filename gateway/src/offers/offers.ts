import { checkOffer, keyNamed, readStatement, type SignatureChecks } from '@chartkey/rules';
import {
  Failure,
  type Member,
  type Offer,
  type OfferAnswer,
  type OfferRequest,
  PatientFacts,
  queries,
  thumbprint,
} from '@chartkey/vocabulary';
import type { Caller } from '../gateway.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { fromVault } from '../records/from-vault.ts';
import type { Statements } from '../statements/statements.ts';
import type { UsedOffers } from './used-offers.ts';

export interface OffersParts {
  ledger: Pick<Ledger, 'evaluate'>;
  network: string;
  organisation: Member;
  checks: SignatureChecks;
  statements: Pick<Statements, 'submit'>;
  used: UsedOffers;
  now?: () => number;
}

/** What a reception desk scans: a patient's address, good once, and the enrolment that may come with it. */
export class Offers {
  constructor(private readonly parts: OffersParts) {}

  /**
   * Uses an offer up, and hands in the enrolment of a patient who is not enrolled yet.
   * @throws Failure DEVICES_ONLY, KIND_NOT_ALLOWED, OFFER_INVALID, OFFER_EXPIRED, OFFER_USED, KEY_REVOKED; what
   * `Statements.submit` throws: the offer is used up all the same, the enrolment may be handed in by itself
   */
  async take(caller: Caller, { offer: compact, enrolment }: OfferRequest): Promise<OfferAnswer> {
    const { network, organisation, checks, used, now = Date.now } = this.parts;
    if (caller.session.subject !== 'device') throw new Failure('DEVICES_ONLY');
    if (organisation.kind !== 'hospital') throw new Failure('KIND_NOT_ALLOWED');
    const expected = { network, custodian: organisation.id, time: now(), checks };
    const offer = checkOffer(compact, expected);
    const { iss: patient, enc, jti } = offer;
    const comesWithOther =
      enrolment !== undefined && readStatement(enrolment, 'enrolPatient').payload.iss !== patient;
    if (comesWithOther) throw new Failure('OFFER_INVALID');
    const isEnrolled = await this.isEnrolled(offer);
    await fromVault(() => used.use(jti));
    if (isEnrolled || enrolment === undefined) return { patient, enc, isEnrolled };
    const { accepted } = await this.parts.statements.submit(enrolment, caller);
    return { patient, enc, isEnrolled: true, accepted };
  }

  /** An enrolled patient offers with a key that signs for it now; another one with the key that it will be named by. */
  private async isEnrolled({ iss, sig, enc }: Offer): Promise<boolean> {
    try {
      const { keys } = PatientFacts.parse(await this.parts.ledger.evaluate(queries.patient, iss));
      const key = keyNamed(keys, thumbprint(sig));
      if (!key) throw new Failure('KEY_REVOKED');
      if (thumbprint(key.enc) !== thumbprint(enc)) throw new Failure('OFFER_INVALID');
      return true;
    } catch (error) {
      if (!(error instanceof Failure && error.code === 'PATIENT_UNKNOWN')) throw error;
      if (thumbprint(sig) !== iss) throw new Failure('OFFER_INVALID');
      return false;
    }
  }
}
