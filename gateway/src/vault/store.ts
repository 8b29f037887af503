import type { Readable } from 'node:stream';
import type { ByteRange } from '@chartkey/vocabulary';
import type { ByteSource } from './segments.ts';

/** An object as a listing shows it. */
export interface StoredObject {
  readonly name: string;
  /** milliseconds since 1970 when its bytes were written, by the store's clock */
  readonly writtenAt: number;
}

/**
 * Named objects that are written once, whole, and read in ranges: files here, S3 elsewhere.
 * A name is `<leaf>` or `<folder>/<leaf>`, see `checkName`. There is no rename and no append.
 */
export interface Store {
  /**
   * Streams an object in. When it resolves the object is durable and visible; when it rejects, with the
   * source's error or one of ours, nothing of it is left, but after a Failure VAULT_UNAVAILABLE, when it may
   * be there whole: nobody could be asked. An object of that name is replaced at once.
   * @param options.ifAbsent leave an object of that name alone and throw AlreadyInVault
   * @throws VaultFull, AlreadyInVault, VaultPathRefused
   */
  put(name: string, bytes: ByteSource, options?: { ifAbsent?: boolean }): Promise<void>;
  /**
   * An object's bytes, or a range of them; a range beyond the end gives what there is. The caller reads
   * the stream to its end or destroys it. @throws NotInVault, VaultPathRefused
   */
  get(name: string, range?: ByteRange): Promise<Readable>;
  /** A small object whole. @throws Tampered when it has more than `most` bytes; NotInVault, VaultPathRefused */
  read(name: string, most: number): Promise<Buffer>;
  /** All objects whose names begin with the prefix, in no order that may be relied on. */
  list(prefix: string): AsyncIterable<StoredObject>;
  /** Removes an object for good; one that is not there is no error. */
  delete(name: string): Promise<void>;
  exists(name: string): Promise<boolean>;
  /** Removes what puts of an earlier process left unfinished; gives their number. */
  discardUnfinished(): Promise<number>;
}
