import { type Act, Failure, queries, transactions } from '@chartkey/vocabulary';
import type { LedgerActor } from './ledger-actor.ts';
import { signJson, statement, statementIdOf, type TestKey, testKey } from './signing.ts';

/** Verbs without a number. */
const unnumbered = new Set<string>([
  ...['revokeConsent', 'revokeDelegate', 'removeKey', 'freeze', 'withdrawApproval', 'revokeDevice'],
  ...['vetoRecovery', 'confirmRecovery', 'completeRecovery', 'revokePractitioner'],
]);

/** Whoever signs statements: a person with one of its keys, a practitioner, a master key. */
export class Voice {
  private count = 0;

  constructor(
    readonly actor: LedgerActor,
    readonly iss: string,
    readonly key: TestKey,
  ) {}

  /** The same principal with another key. */
  with(key: TestKey): Voice {
    return new Voice(this.actor, this.iss, key);
  }

  /** Signs a statement with the number that is due. */
  async signed(words: { act: Act } & Record<string, unknown>): Promise<string> {
    const seq = unnumbered.has(words.act) ? {} : { seq: await this.nextSeq() };
    return statement({ iss: this.iss, aud: this.actor.network, ...seq, ...words }, this.key);
  }

  /** Brings a statement to the ledger; answers its id. @throws Failure the code that refuses it */
  async says(words: { act: Act } & Record<string, unknown>): Promise<string> {
    const compact = await this.signed(words);
    await this.actor.ledger.submit(transactions[words.act], { statement: compact });
    this.count += 1;
    return statementIdOf(compact);
  }

  /** The code that refuses a statement; `accepted` where nothing does. */
  async code(words: { act: Act } & Record<string, unknown>): Promise<string> {
    try {
      await this.says(words);
      return 'accepted';
    } catch (error) {
      if (error instanceof Failure) return error.code;
      throw error;
    }
  }

  private async nextSeq(): Promise<number> {
    const { ledger } = this.actor;
    const query = this.iss.endsWith('MSP') ? queries.organisation : queries.patient;
    try {
      return ((await ledger.evaluate(query, this.iss)) as { nextSeq: number }).nextSeq;
    } catch (error) {
      // A practitioner's number is nobody's to ask for.
      if (error instanceof Failure && error.code === 'PATIENT_UNKNOWN') return this.count + 1;
      throw error;
    }
  }
}

/** A key, new unless given, with its proof of possession: a patient's pair, or one that only signs. */
export function spareKey(
  network: string,
  owner: string,
  { kind = 'pair', key = testKey() }: { kind?: 'pair' | 'single'; key?: TestKey } = {},
) {
  const exp = Math.floor(Date.now() / 1000) + 600;
  const enc = kind === 'pair' ? { enc: testKey().publicJwk } : {};
  const words = { network, owner, sig: key.publicJwk, ...enc, exp };
  return { key, proof: signJson({ alg: 'ES256', typ: 'chartkey-key+jwt' }, words, key) };
}
