import { denials } from '@chartkey/rules';
import { Failure, type FailureCode, millisecondsOf, type Purpose, Refused } from '@chartkey/vocabulary';
import type { ByteRange, Caller, Content } from '../gateway.ts';
import type { Reading, ReleaseRoom } from '../release/index.ts';
import { within } from '../release/sealed.ts';
import type { RetryKeys } from '../retry-keys.ts';
import { Expiring } from '../sessions/expiring.ts';
import type { Asking, Granted } from './asking.ts';
import { choosePurpose } from './purpose.ts';

/** Accesses with an Idempotency-Key that are remembered for further ranges, of all sessions together. */
const MOST_SHARED = 65_536;

const refusals: ReadonlySet<FailureCode> = new Set(denials);

function isDenial(error: unknown): error is Failure {
  return error instanceof Failure && !(error instanceof Refused) && refusals.has(error.code);
}

export interface ReadsParts {
  asking: Pick<Asking, 'ask'>;
  releases: Pick<ReleaseRoom, 'open'>;
  retryKeys: RetryKeys;
  now?: () => number;
}

interface Read {
  caller: Caller;
  record: string;
  version?: number | undefined;
  purpose?: Purpose | undefined;
  idempotencyKey?: string | undefined;
  range?: ByteRange | undefined;
}

interface Shared {
  /** what is read: one key never means two things */
  fingerprint: string;
  granted: Promise<Granted>;
}

/** Reads content: asks the ledger, has the key released, serves verified bytes. */
export class Reads {
  /** by session and retry key */
  private readonly shared: Expiring<Shared>;

  constructor(private readonly parts: ReadsParts) {
    this.shared = new Expiring(MOST_SHARED, parts.now);
  }

  /**
   * @throws Refused the ledger's denial; Failure END_TO_END_ONLY, PURPOSE_REQUIRED, RECORD_UNKNOWN,
   * IDEMPOTENCY_MISMATCH, ACCESS_TOO_OLD, ALREADY_RELEASED, RANGE_NOT_SATISFIABLE {length},
   * CUSTODIAN_UNAVAILABLE {organisation}, INTEGRITY_BROKEN, LEDGER_DISAGREES, and the ledger's
   */
  async readContent({ caller, record, version, purpose, idempotencyKey, range }: Read): Promise<Content> {
    const { session } = caller;
    if (session.subject === 'patient') throw new Failure('END_TO_END_ONLY');
    const asked = { record, version, purpose: choosePurpose(session.purposes, purpose) };
    const keep = idempotencyKey !== undefined;
    const { access } = await (keep
      ? this.share(caller, asked, this.parts.retryKeys.of('read', idempotencyKey))
      : this.ask(caller, asked));
    try {
      const reading = await this.parts.releases.open({ access, record }, { keep });
      return await contentOf(reading, range, keep);
    } catch (error) {
      throw isDenial(error) ? await this.logDenial(caller, asked, access, error) : error;
    }
  }

  /**
   * A granted access that is refused after all, since the grant or the device was revoked meanwhile: the
   * ledger is asked afresh, so that this refusal has an entry of its own.
   */
  private async logDenial(caller: Caller, asked: Asked, access: string, denial: Failure): Promise<unknown> {
    try {
      await this.ask(caller, asked);
      return new Refused(denial.code, access);
    } catch (error) {
      return error;
    }
  }

  /** One access for all reads with one key in one session. */
  private async share(caller: Caller, asked: Asked, retryKey: string): Promise<Granted> {
    const { session, until } = caller.session;
    const name = `${session} ${retryKey}`;
    const fingerprint = JSON.stringify([asked.record, asked.version ?? 0, asked.purpose]);
    const shared = this.shared.get(name);
    if (shared && shared.fingerprint !== fingerprint) throw new Failure('IDEMPOTENCY_MISMATCH');
    if (shared) return shared.granted;
    const granted = this.ask(caller, asked, retryKey);
    this.shared.set(name, { fingerprint, granted }, millisecondsOf(until));
    // What was not granted is asked again: the ledger answers the same key with the same access.
    granted.catch(() => this.shared.delete(name));
    return granted;
  }

  private ask({ session }: Caller, asked: Asked, retryKey?: string): Promise<Granted> {
    const { record, version, purpose } = asked;
    const item = {
      kind: 'read' as const,
      session: session.session,
      record,
      purpose,
      ...(version !== undefined && { version }),
      ...(retryKey !== undefined && { retryKey }),
    };
    return this.parts.asking.ask({ item, device: session.id });
  }
}

interface Asked {
  record: string;
  version: number | undefined;
  purpose: Purpose;
}

async function contentOf(reading: Reading, asked: ByteRange | undefined, keep: boolean): Promise<Content> {
  const { access, header } = reading;
  const { version, mediaType, length, sha256 } = header;
  try {
    const part = asked === undefined ? undefined : within(asked, length);
    const content = await reading.content(part && { start: part.first, end: part.last });
    return {
      access,
      version,
      mediaType,
      length,
      digest: Buffer.from(sha256, 'base64url').toString('base64'),
      ...(part && { part }),
      body: content,
    };
  } finally {
    // Content that has begun has what it needs; only further ranges would need the key again.
    if (!keep) reading.forget();
  }
}
