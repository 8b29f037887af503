import { queries, type transactions } from '@chartkey/vocabulary';
import { codeOf, freshId, type LedgerActor, LedgerPatient } from './ledger-actor.ts';
import { signJson, statement, type TestKey, testKey } from './signing.ts';

type Act = keyof typeof transactions;
type Words = { act: Act; [member: string]: unknown };

const unnumbered: ReadonlySet<Act> = new Set<Act>(['withdrawApproval', 'freeze', 'removeKey']);

/** What a new key signs about itself. */
export function keyProof(network: string, owner: string, sig: TestKey, enc?: TestKey): string {
  const exp = Math.floor(Date.now() / 1000) + 600;
  const keys = { sig: sig.publicJwk, ...(enc && { enc: enc.publicJwk }) };
  return signJson({ alg: 'ES256', typ: 'chartkey-key+jwt' }, { network, owner, exp, ...keys }, sig);
}

/** Somebody whose statements have numbers: each is signed with the one that is due. */
abstract class Numbered {
  protected abstract readonly iss: string;
  protected abstract readonly network: string;
  protected abstract readonly key: TestKey;
  protected last = 0;

  /** A statement with the next number, where its verb has one. */
  signs(words: Words, key = this.key): string {
    const seq = unnumbered.has(words.act) ? {} : { seq: this.last + 1 };
    return statement({ iss: this.iss, aud: this.network, ...seq, ...words }, key);
  }

  /** Signs and submits. @returns `accepted`, or the code that it was refused with */
  async does(by: LedgerActor, words: Words, key = this.key): Promise<string> {
    return this.submits(by, words.act, this.signs(words, key));
  }

  async submits(by: LedgerActor, act: Act, compact: string): Promise<string> {
    const code = await codeOf(by.submit(act, compact));
    if (code === 'accepted' && !unnumbered.has(act)) this.last += 1;
    return code;
  }
}

/** A person that lays rules, approves, names delegates. */
export class LedgerPerson extends Numbered {
  private readonly pair: LedgerPatient;
  protected override last = 1;

  private constructor(protected readonly network: string) {
    super();
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

  protected get iss(): string {
    return this.id;
  }

  protected get key(): TestKey {
    return this.pair.sig;
  }

  /** One more key of its own. */
  async addKey(by: LedgerActor): Promise<TestKey> {
    const sig = testKey();
    await this.does(by, { act: 'addKey', key: keyProof(this.network, this.id, sig, testKey()) });
    return sig;
  }
}

/** A practitioner's own key, registered by its organisation. */
export class LedgerPractitioner extends Numbered {
  readonly key = testKey();

  private constructor(protected readonly network: string) {
    super();
  }

  static async of(actor: LedgerActor, role = 'physician'): Promise<LedgerPractitioner> {
    const own = new LedgerPractitioner(actor.network);
    const key = keyProof(actor.network, actor.organisation, own.key);
    const validUntil = new Date(Date.now() + 86_400_000).toISOString();
    const words = { act: 'registerPractitioner' as const, practitioner: freshId(), role, key, validUntil };
    const code = await byMaster(actor, words);
    if (code !== 'accepted') throw new Error(`not registered: ${code}`);
    return own;
  }

  get iss(): string {
    return this.key.id;
  }
}

/** A master key's order; others use its numbers too. @returns `accepted`, or the code of its refusal */
export async function byMaster(actor: LedgerActor, words: Words): Promise<string> {
  const { organisation: iss, network: aud, ledger, master } = actor;
  for (let tries = 0; ; tries += 1) {
    const { nextSeq } = (await ledger.evaluate(queries.organisation, iss)) as { nextSeq: number };
    const seq = words.act === 'revokePractitioner' ? {} : { seq: nextSeq };
    const code = await codeOf(actor.submit(words.act, statement({ iss, aud, ...seq, ...words }, master)));
    const isOvertaken = code === 'STALE_SEQUENCE' || code === 'LEDGER_CONFLICT';
    if (!isOvertaken || tries === 20) return code;
  }
}
