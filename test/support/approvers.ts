import { type Act, queries } from '@chartkey/vocabulary';
import { codeOf, type LedgerActor, LedgerPatient } from './ledger-actor.ts';
import type { LedgerPractitioner } from './ledger-practitioner.ts';
import { signJson, statement, type TestKey, testKey } from './signing.ts';

type Words = { act: Act; [member: string]: unknown };
type Step = Words & { act: 'approve' | 'refuse' };

const unnumbered: ReadonlySet<Act> = new Set<Act>(['withdrawApproval', 'freeze', 'removeKey']);

/** What a new key signs about itself. */
function keyProof(network: string, owner: string, sig: TestKey, enc: TestKey): string {
  const exp = Math.floor(Date.now() / 1000) + 600;
  const keys = { sig: sig.publicJwk, enc: enc.publicJwk };
  return signJson({ alg: 'ES256', typ: 'chartkey-key+jwt' }, { network, owner, exp, ...keys }, sig);
}

/** A person that lays rules, approves, names delegates: each order with the number that is due. */
export class LedgerPerson {
  private readonly pair: LedgerPatient;
  private last = 1;

  private constructor(private readonly network: string) {
    this.pair = new LedgerPatient(network);
  }

  static async enrolled(by: LedgerActor, session: string): Promise<LedgerPerson> {
    const person = new LedgerPerson(by.network);
    await by.enrol(person.pair, session);
    return person;
  }

  get id(): string {
    return this.pair.id;
  }

  /** A statement with the next number, where its verb has one. */
  signs(words: Words, key: TestKey = this.pair.sig): string {
    const seq = unnumbered.has(words.act) ? {} : { seq: this.last + 1 };
    return statement({ iss: this.id, aud: this.network, ...seq, ...words }, key);
  }

  /** Signs and submits. @returns `accepted`, or the code that it was refused with */
  async does(by: LedgerActor, words: Words, key: TestKey = this.pair.sig): Promise<string> {
    return this.submits(by, words.act, this.signs(words, key));
  }

  async submits(by: LedgerActor, act: Act, compact: string): Promise<string> {
    const code = await codeOf(by.submit(act, compact));
    if (code === 'accepted' && !unnumbered.has(act)) this.last += 1;
    return code;
  }

  /** One more key of its own. */
  async addKey(by: LedgerActor): Promise<TestKey> {
    const sig = testKey();
    await this.does(by, { act: 'addKey', key: keyProof(this.network, this.id, sig, testKey()) });
    return sig;
  }
}

/** A practitioner's step. @returns `accepted`, or the code of its refusal */
export function byPractitioner(practitioner: LedgerPractitioner, words: Step): Promise<string> {
  return codeOf(practitioner.tries(words.act, practitioner.says(words)));
}

/** A master key's order; others use its numbers too. @returns `accepted`, or the code of its refusal */
export async function byMaster(actor: LedgerActor, words: Step): Promise<string> {
  const { organisation: iss, network: aud, ledger, master } = actor;
  for (let tries = 0; ; tries += 1) {
    const { nextSeq } = (await ledger.evaluate(queries.organisation, iss)) as { nextSeq: number };
    const code = await codeOf(
      actor.submit(words.act, statement({ iss, aud, seq: nextSeq, ...words }, master)),
    );
    const isOvertaken = code === 'STALE_SEQUENCE' || code === 'LEDGER_CONFLICT';
    if (!isOvertaken || tries === 20) return code;
  }
}
