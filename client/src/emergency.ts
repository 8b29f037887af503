import type { AcceptedStatement, StatementOf } from '@chartkey/vocabulary';
import type { Device } from './device.ts';
import type { Signer } from './keys.ts';
import { Statements } from './sequence.ts';
import { Author, type Order, type SignedStatement } from './statements.ts';
import { NO_NUMBER, saltedWords, type UnledgeredOpening } from './without-ledger.ts';

/** What breaks the glass: for whom, why, how long. */
export interface EmergencyWords {
  patient: string;
  reason: StatementOf<'openBreakGlass'>['reason'];
  /** an hour at most */
  minutes: number;
  /** what happened, in one's own words: kept sealed by the gateway, its salted hash on the ledger */
  words: string;
}

/** What a review found: justified, or why not. */
export type Finding =
  | { justified: true }
  | { justified: false; reason: Exclude<StatementOf<'reviewBreakGlass'>['reason'], 'necessary'> };

export interface PractitionerOptions {
  /** what an earlier run left unsettled: `statements.unsettled` */
  unsettled?: SignedStatement | undefined;
}

/** A practitioner with a key of its own, registered by its organisation, on one of its devices. */
export class Practitioner {
  readonly statements: Statements;

  constructor(
    readonly device: Device,
    readonly signer: Signer,
    options: PractitionerOptions = {},
  ) {
    const { gateway } = device;
    const author = new Author(gateway.network, signer, { now: gateway.calls.now });
    const registrar = {
      submit: (statement: string) => gateway.submit(statement),
      nextSeq: () => this.#nextSeq(),
    };
    this.statements = new Statements(author, registrar, options.unsettled);
  }

  /** The key's thumbprint. */
  get id(): string {
    return this.signer.id;
  }

  /**
   * Breaks the glass on this device; reads for ETREAT rest on it until it is over. The answer's `id` is the
   * opening's.
   */
  async breakGlass(words: EmergencyWords): Promise<AcceptedStatement> {
    const opening = await this.#opening(words);
    return this.#order((seq) => ({ ...opening, seq }));
  }

  /** The same as one signature that a read or list brings with it (`breakGlass`); not handed in yet. */
  async signBreakGlass(words: EmergencyWords): Promise<SignedStatement> {
    const opening = await this.#opening(words);
    return this.#sign((seq) => ({ ...opening, seq }));
  }

  /** Stands behind a colleague's opening: opens what the patient locked even for emergencies. */
  second(opening: string): Promise<AcceptedStatement> {
    return this.#order((seq) => ({ act: 'secondBreakGlass', seq, opening }));
  }

  /** The same for a read or list to bring with it; not handed in yet. */
  signSecond(opening: string): Promise<SignedStatement> {
    return this.#sign((seq) => ({ act: 'secondBreakGlass', seq, opening }));
  }

  /**
   * Breaks the glass while the ledger is away, for `device.readWithoutLedger`, as soon as a colleague stands behind
   * it. Nobody is asked for anything; the words stay here until they can be kept:
   * `device.keepReason(patient, words, salt)`.
   * @param options.seq what a refusal STALE_SEQUENCE `expected`: peers that answer have their say
   */
  async signWithoutLedger(
    { words, ...about }: EmergencyWords,
    { seq = NO_NUMBER }: { seq?: number } = {},
  ): Promise<UnledgeredOpening> {
    const { text, salt } = saltedWords(words);
    const opening = { act: 'openBreakGlass', seq, device: this.device.id, text, ...about } as const;
    return { ...(await this.statements.author.sign(opening)), salt };
  }

  /** Stands behind a colleague's opening while the ledger is away. */
  secondWithoutLedger(opening: string): Promise<SignedStatement> {
    return this.statements.author.sign({ act: 'secondBreakGlass', seq: NO_NUMBER, opening });
  }

  /** Closes an opening; an unjustified one is a regulator's case. */
  review(opening: string, finding: Finding): Promise<AcceptedStatement> {
    const { justified } = finding;
    const reason = finding.justified ? 'necessary' : finding.reason;
    return this.#order((seq) => ({ act: 'reviewBreakGlass', seq, opening, justified, reason }));
  }

  /** Attests that a proxy's or executor's time has come. */
  attest(patient: string, delegation: string): Promise<AcceptedStatement> {
    return this.#order((seq) => ({ act: 'attestDelegate', seq, patient, delegation }));
  }

  /** Declares that the organisation treats the patient. @param until an `Instant`, 90 days on at most */
  declareTreatment(patient: string, until: string): Promise<AcceptedStatement> {
    return this.#order((seq) => ({ act: 'declareTreatment', seq, patient, until }));
  }

  /** A referral: passes a grant that allows it on to another hospital. */
  passOn(patient: string, grant: string, to: string): Promise<AcceptedStatement> {
    return this.#order((seq) => ({ act: 'passOn', seq, patient, grant, to }));
  }

  #order(order: (seq: number) => Order): Promise<AcceptedStatement> {
    return this.statements.numbered((seq) => this.statements.author.sign(order(seq)));
  }

  async #sign(order: (seq: number) => Order): Promise<SignedStatement> {
    return this.statements.author.sign(order(await this.#nextSeq()));
  }

  async #nextSeq(): Promise<number> {
    return (await this.device.practitionerKey(this.id)).nextSeq;
  }

  async #opening({ patient, reason, minutes, words }: EmergencyWords) {
    const text = await this.device.keepReason(patient, words);
    return { act: 'openBreakGlass', patient, device: this.device.id, reason, text, minutes } as const;
  }
}
