import { Failure, type RecordHeader } from '@chartkey/vocabulary';
import type { ByteRange } from '../vault/index.ts';

/** Milliseconds that a check stands for: content that begins later is checked again. */
export const FRESH = 1_000;

/** A released version that can be read until its session ends: its key is here, header and leaves are checked. */
export interface Reading {
  readonly access: string;
  readonly header: RecordHeader;
  /** milliseconds */
  readonly until: number;
  /** bytes of memory that it holds on to */
  readonly weight: number;
  /**
   * The content, all or a range of it; every byte is verified before it is yielded, the first one before
   * this resolves. To be read to its end or given up by `return`.
   * @throws Failure INTEGRITY_BROKEN (with an alarm), SESSION_EXPIRED, CUSTODIAN_UNAVAILABLE {organisation},
   * the custodian's refusal; RangeError for a range outside the content
   */
  content(range?: ByteRange): Promise<AsyncIterableIterator<Uint8Array>>;
  /** Overwrites the key. */
  forget(): void;
}

/** What stands around a content that is being read. */
export interface Surroundings {
  /** milliseconds */
  until: number;
  now: () => number;
  /** the failure that a reader gets for what broke */
  failureFor(error: unknown): unknown;
}

/**
 * Begins to read: the first part is fetched and verified, so that a version that is broken at its start
 * is an answer of its own and not a body cut short.
 */
export async function begin(
  content: AsyncGenerator<Uint8Array, void>,
  { until, now, failureFor }: Surroundings,
): Promise<AsyncIterableIterator<Uint8Array>> {
  const next = async () => {
    try {
      if (now() > until) throw new Failure('SESSION_EXPIRED');
      return await content.next();
    } catch (error) {
      await content.return().catch(() => {});
      throw failureFor(error);
    }
  };
  let first: IteratorResult<Uint8Array, void> | undefined = await next();
  const reading: AsyncIterableIterator<Uint8Array> = {
    async next() {
      if (!first) return next();
      const result = first;
      first = undefined;
      return result;
    },
    async return() {
      await content.return();
      return { done: true, value: undefined };
    },
    [Symbol.asyncIterator]() {
      return reading;
    },
  };
  return reading;
}
