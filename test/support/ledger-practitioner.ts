import { type Act, Failure, queries } from '@chartkey/vocabulary';
import { freshHash, freshId, type LedgerActor, type LedgerPatient } from './ledger-actor.ts';
import { signJson, statement, statementIdOf, type TestKey, testKey } from './signing.ts';

export interface RegisterWords {
  key?: TestKey;
  practitioner?: string;
  role?: string;
  validUntil?: string;
  /** what the key proves itself to; the organisation unless given */
  owner?: string;
}

/** Another statement of the organisation came first. */
const taken: ReadonlySet<string> = new Set(['STALE_SEQUENCE', 'LEDGER_CONFLICT']);
const seconds = () => Math.floor(Date.now() / 1000);

/** A key's proof that somebody holds it, for its owner. */
export function keyProofOf(key: TestKey, network: string, owner: string): string {
  const proof = { network, owner, sig: key.publicJwk, exp: seconds() + 600 };
  return signJson({ alg: 'ES256', typ: 'chartkey-key+jwt' }, proof, key);
}

/** A practitioner with a registered key of its own, and statements by it. */
export class LedgerPractitioner {
  private seq = 0;

  private constructor(
    readonly at: LedgerActor,
    readonly key: TestKey,
    readonly practitioner: string,
  ) {}

  /** The registering statement, not yet handed in. */
  static async registration(at: LedgerActor, words: RegisterWords = {}): Promise<string> {
    const { organisation, network, master, ledger } = at;
    const { key = testKey(), practitioner = freshId(), role = 'physician', owner = organisation } = words;
    const { nextSeq } = (await ledger.evaluate(queries.organisation, organisation)) as { nextSeq: number };
    const validUntil = words.validUntil ?? new Date(Date.now() + 86_400_000).toISOString();
    const proof = keyProofOf(key, network, owner);
    const about = { act: 'registerPractitioner', seq: nextSeq, key: proof, practitioner, role, validUntil };
    return statement({ iss: organisation, aud: network, ...about }, master);
  }

  static async registered(at: LedgerActor, words: RegisterWords = {}): Promise<LedgerPractitioner> {
    const { key = testKey(), practitioner = freshId() } = words;
    await LedgerPractitioner.register(at, { ...words, key, practitioner });
    return new LedgerPractitioner(at, key, practitioner);
  }

  /** Hands a registering statement in. @throws Failure what the ledger has against it */
  static async register(at: LedgerActor, words: RegisterWords = {}): Promise<void> {
    const { key = testKey(), practitioner = freshId() } = words;
    // Others use the master key meanwhile, and its numbers.
    for (let left = 20; ; left -= 1) {
      const registration = await LedgerPractitioner.registration(at, { ...words, key, practitioner });
      try {
        await at.submit('registerPractitioner', registration);
        return;
      } catch (error) {
        if (left === 0 || !(error instanceof Failure) || !taken.has(error.code)) throw error;
      }
    }
  }

  /** A session of the organisation's device in this practitioner's name. */
  session(purposes = ['ETREAT']): Promise<string> {
    return this.at.session({ subject_id: this.practitioner, purpose_of_use: purposes });
  }

  says(payload: object, iat = seconds()): string {
    const { key, at } = this;
    this.seq += 1;
    const envelope = { iss: key.id, aud: at.network, seq: this.seq };
    return statement({ ...envelope, ...payload }, key, iat);
  }

  /** What was refused used no number. */
  async tries(act: Act, compact: string) {
    try {
      await this.at.submit(act, compact);
    } catch (error) {
      this.seq -= 1;
      throw error;
    }
    return statementIdOf(compact);
  }

  opening(patient: Pick<LedgerPatient, 'id'>, change: object = {}, iat?: number): string {
    const words = { device: this.at.device.id, reason: 'unconscious', text: freshHash(), minutes: 60 };
    return this.says({ act: 'openBreakGlass', patient: patient.id, ...words, ...change }, iat);
  }

  /** Breaks the glass. @returns the opening's id */
  opens(patient: Pick<LedgerPatient, 'id'>, change: object = {}, iat?: number): Promise<string> {
    return this.tries('openBreakGlass', this.opening(patient, change, iat));
  }

  seconds(opening: string): Promise<string> {
    return this.tries('secondBreakGlass', this.says({ act: 'secondBreakGlass', opening }));
  }

  reviews(opening: string, justified = true, reason = justified ? 'necessary' : 'no-treatment') {
    return this.tries('reviewBreakGlass', this.says({ act: 'reviewBreakGlass', opening, justified, reason }));
  }

  async revoke(): Promise<void> {
    const { organisation, network, master } = this.at;
    const order = { iss: organisation, aud: network, act: 'revokePractitioner', key: this.key.id };
    await this.at.submit('revokePractitioner', statement(order, master));
  }
}
