import { ledger } from '@hyperledger/fabric-protos';
import type { KeyedValue, RangeScan, Snapshot, State, Version } from './state.ts';

const {
  KVRWSet,
  KVRead,
  KVWrite,
  QueryReads,
  RangeQueryInfo,
  Version: VersionMessage,
} = ledger.rwset.kvrwset;

/** Results that cross to the chaincode at a time, as a peer's `totalQueryLimit` batches. */
const PORTION = 100;

export interface RangePage {
  readonly id: string;
  readonly entries: readonly KeyedValue[];
  readonly hasMore: boolean;
  /** With explicit pagination: where the next page starts, empty at the end. */
  readonly bookmark?: string;
}

interface OpenRange {
  readonly scan: RangeScan;
  readonly start: string;
  readonly end: string;
  readonly seen: KeyedValue[];
  exhausted: boolean;
}

/**
 * One run of a chaincode on one frozen state: what it read, with versions, and what it wants written.
 * As in Fabric there is no read-your-writes and only the last write of a key survives.
 */
export class Simulation {
  readonly txId: string;
  readonly #state: State;
  readonly #snapshot: Snapshot;
  readonly #reads = new Map<string, Version | undefined>();
  readonly #writes = new Map<string, Uint8Array | null>();
  readonly #ranges = new Map<string, OpenRange>();
  #paginated = false;
  #closed = false;

  constructor(state: State, txId: string) {
    this.txId = txId;
    this.#state = state;
    this.#snapshot = state.snapshot();
  }

  get(key: string): Buffer | undefined {
    this.#requireOpen();
    const found = this.#state.get(key, this.#snapshot);
    this.#reads.set(key, found?.version);
    return found?.value;
  }

  /** Writes a value. An empty one deletes the key, as null does: Fabric's state knows no empty values. */
  write(key: string, value: Uint8Array | null): void {
    this.#requireOpen();
    if (this.#paginated) {
      throw new Error(
        `txid [${this.txId}]: unsuppored transaction. Transaction has already performed a paginated query. Writes are not allowed`,
      );
    }
    this.#writes.set(key, value?.length ? value : null);
  }

  /** Opens a range and returns its first portion; `pageSize` makes it one page with a bookmark. */
  async openRange(start: string, end: string, page?: { size: number; bookmark: string }): Promise<RangePage> {
    this.#requireOpen();
    if (page && this.#writes.size > 0) {
      throw new Error(
        `txid [${this.txId}]: unsuppored transaction. Paginated queries are supported only in a read-only transaction`,
      );
    }
    const from = page?.bookmark || start;
    const id = `${this.txId}:${this.#ranges.size}`;
    const scan = this.#state.range(from, end, this.#snapshot);
    this.#ranges.set(id, { scan, start: from, end, seen: [], exhausted: false });
    if (!page) return this.nextPortion(id);
    this.#paginated = true;
    const { entries, next } = await this.#take(id, page.size);
    return { id, entries, hasMore: false, bookmark: next ?? '' };
  }

  async nextPortion(id: string): Promise<RangePage> {
    const { entries, next } = await this.#take(id, PORTION);
    return { id, entries, hasMore: next !== undefined };
  }

  async closeRange(id: string): Promise<void> {
    await this.#ranges.get(id)?.scan.close();
  }

  /** Frees the snapshot. Later calls throw. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await Promise.all([...this.#ranges.values()].map((range) => range.scan.close()));
    await this.#snapshot.close();
  }

  /** The read-write set as Fabric serialises it: one namespace, keys sorted; empty when nothing was touched. */
  results(namespace: string): Uint8Array {
    const message = new ledger.rwset.TxReadWriteSet();
    if (this.#reads.size + this.#writes.size + this.#ranges.size > 0) {
      const set = new ledger.rwset.NsReadWriteSet();
      set.setNamespace(namespace);
      set.setRwset(this.#keyValueSet().serializeBinary());
      message.addNsRwset(set);
    }
    return message.serializeBinary();
  }

  #keyValueSet(): ledger.rwset.kvrwset.KVRWSet {
    const set = new KVRWSet();
    set.setReadsList(sorted(this.#reads).map(([key, version]) => readMessage(key, version)));
    set.setRangeQueriesInfoList([...this.#ranges.values()].map(rangeMessage));
    set.setWritesList(
      sorted(this.#writes).map(([key, value]) => {
        const write = new KVWrite();
        write.setKey(key);
        if (value === null) write.setIsDelete(true);
        else write.setValue(value);
        return write;
      }),
    );
    return set;
  }

  async #take(id: string, count: number): Promise<{ entries: KeyedValue[]; next: string | undefined }> {
    this.#requireOpen();
    const range = this.#ranges.get(id);
    if (!range) throw new Error('query iterator not found');
    const portion = await range.scan.take(count);
    range.seen.push(...portion.entries);
    range.exhausted = portion.next === undefined;
    return portion;
  }

  #requireOpen(): void {
    if (this.#closed) throw new Error('no ledger context: the transaction has ended');
  }
}

/** The version as Fabric's message; absent for a key that did not exist. */
export function readMessage(key: string, version: Version | undefined): ledger.rwset.kvrwset.KVRead {
  const read = new KVRead();
  read.setKey(key);
  if (version) {
    const message = new VersionMessage();
    message.setBlockNum(version.block);
    message.setTxNum(version.transaction);
    read.setVersion(message);
  }
  return read;
}

function rangeMessage(range: OpenRange): ledger.rwset.kvrwset.RangeQueryInfo {
  const reads = new QueryReads();
  reads.setKvReadsList(range.seen.map((entry) => readMessage(entry.key.toString(), entry.version)));
  const info = new RangeQueryInfo();
  info.setStartKey(range.start);
  // A range that was not read to its end is protected up to and with the last key seen.
  const last = range.seen.at(-1)?.key.toString();
  info.setEndKey(range.exhausted || last === undefined ? range.end : last);
  info.setItrExhausted(range.exhausted);
  info.setRawReads(reads);
  return info;
}

function sorted<Value>(map: ReadonlyMap<string, Value>): [string, Value][] {
  return [...map].sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
}
