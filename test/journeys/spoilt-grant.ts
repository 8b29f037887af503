import { canonicalJson } from '@chartkey/vocabulary';
import type { LedgerPatient } from '../support/ledger-actor.ts';
import { signJson, signTexts } from '../support/signing.ts';

/** Seconds since 1970. */
export const now = () => Math.floor(Date.now() / 1000);

/** A patient's second statement, a grant that would be accepted, and ways to spoil it before it is signed. */
export class SpoiltGrant {
  constructor(
    readonly patient: LedgerPatient,
    private readonly organisation: string,
  ) {}

  header() {
    return { alg: 'ES256', kid: this.patient.id, typ: 'chartkey-statement+jwt' };
  }

  payload() {
    return {
      iss: this.patient.id,
      aud: this.patient.network,
      act: 'grantConsent',
      seq: 2,
      iat: now(),
      exp: now() + 300,
      grantee: { organisation: this.organisation },
      scope: 'all',
      actions: ['read'],
      purposes: ['TREAT'],
    };
  }

  text(): string {
    return canonicalJson(this.payload());
  }

  /** Signed with other members. */
  saying(change: object = {}): string {
    return signJson(this.header(), { ...this.payload(), ...change }, this.patient.sig);
  }

  /** Signed with another spelling of the same, or of something else. */
  spelt(change: (text: string) => string): string {
    return signTexts(canonicalJson(this.header()), change(this.text()), this.patient.sig);
  }

  /** Signed with another header. */
  headed(change: object): string {
    return signJson({ ...this.header(), ...change }, this.payload(), this.patient.sig);
  }
}
