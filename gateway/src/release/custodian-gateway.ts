import { Failure, ReleaseAnswer } from '@chartkey/vocabulary';
import type { ByteRange as AskedRange, SealedBytes } from '../gateway.ts';
import { type ByteRange, Tampered } from '../vault/index.ts';
import { alarmed, type RaiseAlarm } from './alarm.ts';
import { CallFailed } from './answer-body.ts';
import { failureOf } from './custodian-answer.ts';
import type { Answer } from './exchange.ts';
import type { GatewayDevice } from './gateway-device.ts';
import type { Outgoing, StreamedAnswer } from './outgoing.ts';
import { lengthBeyond, partIn, rangeText } from './passed-on.ts';
import { makeProof, releasesUrl, sealedUrl } from './proof.ts';

/** Milliseconds for a release (the custodian may wait 5 s for the entry, and 5 s for its block). */
const RELEASE_TIME = 15_000;
/** Milliseconds until a stream's headers, and between two of its parts. */
const STREAM_TIME = 15_000;
/** The leaves of 4 GiB have 2.8 MB in base64. */
const MOST_RELEASE_BYTES = 4 << 20;
const MOST_PROBLEM_BYTES = 16_384;

export interface CustodianGatewayParts {
  outgoing: Pick<Outgoing, 'answer' | 'stream'>;
  /** this gateway's own device: it signs the proofs */
  device: GatewayDevice;
  alarm: RaiseAlarm;
  /** tells the log why a custodian could not be used: words and causes of ours, no content */
  trouble: (organisation: string, error: unknown) => void;
  /** milliseconds since 1970 */
  now: () => number;
}

/** Another organisation's gateway in its role as custodian. */
export class CustodianGateway {
  /** @param url as registered: also what a proof is addressed to */
  constructor(
    readonly organisation: string,
    private readonly url: string,
    private readonly parts: CustodianGatewayParts,
  ) {}

  /**
   * Asks for the key of an access.
   * @throws Failure CUSTODIAN_UNAVAILABLE {organisation} or the custodian's own refusal
   */
  async release(access: string): Promise<ReleaseAnswer> {
    const body = JSON.stringify({ access });
    const answer = await this.tried(() =>
      this.parts.outgoing.answer(
        {
          organisation: this.organisation,
          method: 'POST',
          path: '/v1/releases',
          headers: {
            ...this.authorised(releasesUrl(this.url)),
            'content-type': 'application/json',
            'content-length': String(Buffer.byteLength(body)),
          },
          body,
          milliseconds: RELEASE_TIME,
        },
        MOST_RELEASE_BYTES,
      ),
    );
    if (answer.status !== 200) throw this.refusal(answer);
    const parsed = ReleaseAnswer.safeParse(jsonIn(answer.body));
    if (!parsed.success || parsed.data.access !== access) throw this.unavailable('an answer of another form');
    return parsed.data;
  }

  /**
   * Sealed bytes of a released access, both ends included; what is in them is not checked here.
   * @param length of the whole sealed stream
   * @throws Failure as `release`
   */
  async sealed(access: string, range: ByteRange, length: number): Promise<AsyncIterableIterator<Buffer>> {
    const { start, end } = range;
    const answer = await this.streamed(access, `bytes=${start}-${end}`);
    const whole = start === 0 && end === length - 1;
    const served = answer.headers['content-range'] === `bytes ${start}-${end}/${length}`;
    if (answer.status === 206 ? served : answer.status === 200 && whole) return answer.body;
    throw await this.streamRefusal(answer);
  }

  /**
   * The same for a reader behind us, who alone can tell what they are: the part that was asked for.
   * @throws Failure RANGE_NOT_SATISFIABLE {length}, and as `release`
   */
  async sealedFor(access: string, range: AskedRange | undefined): Promise<SealedBytes> {
    const answer = await this.streamed(access, range && rangeText(range));
    const part = partIn(answer);
    if (part) return { ...part, body: this.flowing(answer.body, access) };
    const length = lengthBeyond(answer);
    if (length === undefined) throw await this.streamRefusal(answer);
    await answer.body.return?.();
    throw new Failure('RANGE_NOT_SATISFIABLE', { length });
  }

  private streamed(access: string, range: string | undefined): Promise<StreamedAnswer> {
    const path = `/v1/releases/${access}/sealed`;
    return this.tried(() =>
      this.parts.outgoing.stream(
        {
          organisation: this.organisation,
          method: 'GET',
          path,
          headers: { ...this.authorised(sealedUrl(this.url, access)), ...(range !== undefined && { range }) },
          milliseconds: STREAM_TIME,
        },
        STREAM_TIME,
      ),
    );
  }

  private async *flowing(body: AsyncIterable<Buffer>, access: string): AsyncGenerator<Buffer> {
    try {
      yield* body;
    } catch (error) {
      throw this.failureFor(error, access);
    }
  }

  /** What a reader gets for an error on the way; bytes that are not the anchored ones raise an alarm. */
  failureFor(error: unknown, access: string): unknown {
    const { organisation } = this;
    if (error instanceof Tampered) {
      const about = { access, organisation };
      return alarmed(this.parts.alarm, { code: 'INTEGRITY_BROKEN', what: error.message, about });
    }
    return error instanceof CallFailed ? this.unavailable(error) : error;
  }

  /** One more try, with a fresh proof, when a connection that had rested turns out to be closed. */
  private async tried<Result>(call: () => Promise<Result>): Promise<Result> {
    try {
      return await call().catch((error: unknown) => {
        if (error instanceof CallFailed && error.stale) return call();
        throw error;
      });
    } catch (error) {
      throw error instanceof CallFailed ? this.unavailable(error) : error;
    }
  }

  private authorised(audience: string): Record<string, string> {
    return { authorization: `Bearer ${makeProof(this.parts.device, audience, this.parts.now())}` };
  }

  private async streamRefusal({ status, headers, body }: StreamedAnswer): Promise<Failure> {
    const parts: Buffer[] = [];
    let length = 0;
    try {
      for await (const part of body) {
        parts.push(part);
        length += part.length;
        if (length > MOST_PROBLEM_BYTES) break;
      }
    } catch (error) {
      return this.unavailable(error);
    }
    return this.refusal({ status, headers, body: Buffer.concat(parts) });
  }

  private refusal({ status, body }: Answer): Failure {
    if (status < 400) return this.unavailable(`an answer ${status} that was not asked for`);
    const failure = failureOf(this.organisation, body);
    this.parts.trouble(this.organisation, new CallFailed(`answered ${status}, taken as ${failure.code}`));
    return failure;
  }

  private unavailable(why: unknown): Failure {
    const { organisation } = this;
    this.parts.trouble(organisation, typeof why === 'string' ? new CallFailed(why) : why);
    return new Failure('CUSTODIAN_UNAVAILABLE', { organisation });
  }
}

function jsonIn(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString());
  } catch {
    return undefined;
  }
}
