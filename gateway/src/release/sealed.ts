import { Readable } from 'node:stream';
import { Failure } from '@chartkey/vocabulary';
import type { ByteRange, SealedBytes } from '../gateway.ts';
import { type OpenedVersion, sealedLength, type Vault } from '../vault/index.ts';
import type { Custodian } from './custodian.ts';

export interface SealedBytess {
  custodian: Custodian;
  vault: Pick<Vault, 'sealedRange'>;
  /** milliseconds since 1970 */
  now: () => number;
}

/** Gives out sealed bytes of accesses that were released, each time after the whole check. */
export class Sealed {
  constructor(private readonly parts: SealedBytess) {}

  /**
   * Sealed bytes of a released access; the stream breaks off when the session ends.
   * @param range as asked; undefined for all
   * @throws Failure RELEASE_REFUSED, SESSION_EXPIRED, RANGE_NOT_SATISFIABLE {length}, and as `Custodian.releaseTo`
   */
  async of(
    access: string,
    recipientDevice: string,
    range: ByteRange | undefined,
  ): Promise<SealedBytes & { body: Readable }> {
    const { opened, claim } = await this.parts.custodian.releasedTo({ access, recipientDevice });
    opened.dataKey.fill(0);
    return this.part(opened, claim.until, range);
  }

  /** A part of a version that was just checked. @throws Failure RANGE_NOT_SATISFIABLE {length} */
  private async part(
    opened: OpenedVersion,
    until: number,
    range: ByteRange | undefined,
  ): Promise<SealedBytes & { body: Readable }> {
    const length = sealedLength(opened.version.header.length);
    const { first, last } = within(range, length);
    const stored = await this.parts.vault.sealedRange(opened, { start: first, end: last });
    const body = Readable.from(endingAt(stored, until, this.parts.now), { objectMode: false });
    // A body that is given up before its first byte never runs, so it could not close what it reads from.
    body.once('close', () => stored.destroy());
    return { first, last, length, body };
  }
}

/**
 * The part that a range names (RFC 9110 section 14.1.2).
 * @throws Failure RANGE_NOT_SATISFIABLE {length}
 */
export function within(range: ByteRange | undefined, length: number): { first: number; last: number } {
  const last = length - 1;
  if (range === undefined) return { first: 0, last };
  const part =
    'suffix' in range
      ? { first: Math.max(0, length - range.suffix), last }
      : { first: range.first, last: Math.min(range.last ?? last, last) };
  if (part.first > part.last) throw new Failure('RANGE_NOT_SATISFIABLE', { length });
  return part;
}

async function* endingAt(stored: Readable, until: number, now: () => number): AsyncGenerator<Uint8Array> {
  for await (const chunk of stored) {
    if (now() > until) throw new Failure('SESSION_EXPIRED');
    yield chunk as Uint8Array;
  }
}
