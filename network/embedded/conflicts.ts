import { ledger, peer } from '@hyperledger/fabric-protos';
import type { State, Version } from './state.ts';

const Code = peer.TxValidationCode;

interface Update {
  /** null deletes. */
  readonly value: Uint8Array | null;
  readonly version: Version;
}

/**
 * Fabric's concurrency control for one block: each transaction is checked against the committed state and
 * the writes of the valid transactions before it in the block.
 */
export class BlockUpdates {
  readonly #state: State;
  readonly #updates = new Map<string, Update>();

  constructor(state: State) {
    this.#state = state;
  }

  /** VALID, MVCC_READ_CONFLICT or PHANTOM_READ_CONFLICT. */
  async check(set: ledger.rwset.kvrwset.KVRWSet): Promise<number> {
    for (const read of set.getReadsList()) {
      if (this.#updates.has(read.getKey())) return Code.MVCC_READ_CONFLICT;
      if (!sameVersion(read, this.#state.get(read.getKey())?.version)) return Code.MVCC_READ_CONFLICT;
    }
    for (const range of set.getRangeQueriesInfoList()) {
      if (!(await this.#unchanged(range))) return Code.PHANTOM_READ_CONFLICT;
    }
    return Code.VALID;
  }

  add(writes: readonly ledger.rwset.kvrwset.KVWrite[], version: Version): void {
    for (const write of writes) {
      const value = write.getIsDelete() ? null : write.getValue_asU8();
      this.#updates.set(write.getKey(), { value, version });
    }
  }

  entries(): Iterable<[string, Update]> {
    return this.#updates;
  }

  /** Whether a range, read again, holds the same keys in the same versions. */
  async #unchanged(range: ledger.rwset.kvrwset.RangeQueryInfo): Promise<boolean> {
    const start = range.getStartKey();
    // The smallest key after K is K with a NUL behind it, so this includes an end that was itself read.
    const end = range.getItrExhausted() ? range.getEndKey() : `${range.getEndKey()}\0`;
    for (const [key, update] of this.#updates) {
      if (!within(key, start, end)) continue;
      if (update.value !== null || this.#state.get(key)) return false;
    }
    const seen = range.getRawReads()?.getKvReadsList() ?? [];
    const scan = this.#state.range(start, end);
    try {
      const { entries, next } = await scan.take(seen.length);
      if (next !== undefined || entries.length !== seen.length) return false;
      return entries.every((entry, i) => {
        const read = seen[i]!;
        return entry.key.toString() === read.getKey() && sameVersion(read, entry.version);
      });
    } finally {
      await scan.close();
    }
  }
}

function sameVersion(read: ledger.rwset.kvrwset.KVRead, committed: Version | undefined): boolean {
  const version = read.getVersion();
  if (!version || !committed) return !version && !committed;
  return version.getBlockNum() === committed.block && version.getTxNum() === committed.transaction;
}

function within(key: string, start: string, end: string): boolean {
  const bytes = Buffer.from(key);
  if (Buffer.compare(bytes, Buffer.from(start)) < 0) return false;
  return end === '' || Buffer.compare(bytes, Buffer.from(end)) < 0;
}
