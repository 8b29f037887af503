import type { AcceptedStatement } from '@chartkey/vocabulary';
import { ChartkeyError, isStale, ProblemError, withOutcomeKnown } from './problems.ts';
import type { Author, SignedStatement } from './statements.ts';

/** Where statements go, and who knows the signer's next number. */
export interface Registrar {
  submit(statement: string): Promise<AcceptedStatement>;
  nextSeq(): Promise<number>;
}

/** It could not be learned whether a statement was accepted; the same text sent again tells. */
export class StatementUnsettled extends ChartkeyError {
  override readonly name = 'StatementUnsettled';
  outcomeUnknown = true;
  constructor(
    readonly signed: SignedStatement,
    cause: unknown,
  ) {
    super(`the outcome of statement ${signed.id} is unknown; send the same statement again`, { cause });
  }
}

/** How often an order is signed anew when its number turns out to be used, or had to be burned. */
const ROUNDS = 4;

/**
 * The statements of one signer, one after the other, each with the number that is due. When an outcome
 * cannot be learned, the number is burned with `skip`, so that a statement somebody withheld cannot win
 * later, and the order is signed anew: it happens once or not at all.
 */
export class Statements {
  #next: number | undefined;
  #unsettled: SignedStatement | undefined;
  #turn: Promise<unknown> = Promise.resolve();

  /** @param unsettled what an earlier `Statements` of this signer left behind, if the app kept it */
  constructor(
    readonly author: Author,
    private readonly registrar: Registrar,
    unsettled?: SignedStatement,
  ) {
    this.#unsettled = unsettled;
  }

  /** The numbered statement whose outcome is not known; settled before the next one is signed. */
  get unsettled(): SignedStatement | undefined {
    return this.#unsettled;
  }

  /** Signs with the next number and sends. @throws ProblemError, or StatementUnsettled when it may yet count */
  numbered(sign: (seq: number) => Promise<SignedStatement>): Promise<AcceptedStatement> {
    return this.#inTurn(async () => {
      if (this.#unsettled) await this.#settle(this.#unsettled);
      for (let round = 1; ; round += 1) {
        const seq = this.#next ?? (await this.#ask());
        const signed = await sign(seq);
        try {
          const accepted = await this.#send(signed);
          this.#next = seq + 1;
          return accepted;
        } catch (error) {
          const accepted = isUnknown(error) ? await this.#settle(signed) : undefined;
          if (accepted) return accepted;
          if (isStale(error)) this.#next = expectedIn(error);
          else if (!isUnknown(error)) throw error;
          // What is lost is lost for certain: the number is used.
          if (round >= ROUNDS) throw withOutcomeKnown(error);
        }
      }
    });
  }

  /** Sends a statement without a number (a revocation); it may go through any gateway, in any order. */
  async unnumbered(signed: SignedStatement): Promise<AcceptedStatement> {
    try {
      return await this.registrar.submit(signed.text);
    } catch (error) {
      throw isUnknown(error) ? new StatementUnsettled(signed, error) : error;
    }
  }

  /** Settles what is unsettled, if anything: its outcome, or undefined when it can no longer count. */
  settle(): Promise<AcceptedStatement | undefined> {
    return this.#inTurn(async () => this.#unsettled && this.#settle(this.#unsettled));
  }

  async #ask(): Promise<number> {
    try {
      return await this.registrar.nextSeq();
    } catch (error) {
      // Nothing was sent yet that could have counted.
      throw withOutcomeKnown(error);
    }
  }

  async #send(signed: SignedStatement): Promise<AcceptedStatement> {
    this.#unsettled = signed;
    try {
      const accepted = await this.registrar.submit(signed.text);
      this.#unsettled = undefined;
      return accepted;
    } catch (error) {
      if (!isUnknown(error)) this.#unsettled = undefined;
      throw error;
    }
  }

  /** @returns the outcome when the statement won, undefined when it never will; the number is then used */
  async #settle(signed: SignedStatement): Promise<AcceptedStatement | undefined> {
    const { statement } = signed;
    const seq = 'seq' in statement ? statement.seq : undefined;
    this.#unsettled = signed;
    if (seq === undefined) return this.#outcomeOf(signed);
    try {
      await this.registrar.submit((await this.author.skip(seq)).text);
    } catch (error) {
      if (!isStale(error)) throw new StatementUnsettled(signed, error);
      return this.#outcomeOf(signed);
    }
    this.#unsettled = undefined;
    this.#next = seq + 1;
    return undefined;
  }

  /** Its number is used, by it or by another one: only in the first case does it have an outcome. */
  async #outcomeOf(signed: SignedStatement): Promise<AcceptedStatement | undefined> {
    this.#next = undefined;
    try {
      const accepted = await this.registrar.submit(signed.text);
      this.#unsettled = undefined;
      return accepted;
    } catch (error) {
      // Whatever the answer, the number is used; but only STALE_SEQUENCE says that this one lost.
      if (!isUnknown(error)) this.#unsettled = undefined;
      if (isStale(error)) return undefined;
      throw new StatementUnsettled(signed, error);
    }
  }

  #inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const result = this.#turn.then(work);
    this.#turn = result.catch(() => undefined);
    return result;
  }
}

const isUnknown = (error: unknown) => !(error instanceof ProblemError) || error.outcomeUnknown;

/** The number that a refusal says is due. */
function expectedIn({ document }: ProblemError): number | undefined {
  const { expected } = document;
  return typeof expected === 'number' && Number.isSafeInteger(expected) && expected > 0
    ? expected
    : undefined;
}
