import { ClassicLevel, type Iterator } from 'classic-level';
import type { Frame } from './block-file.ts';

/** The transaction that wrote a value. Fabric's MVCC compares these. */
export interface Version {
  readonly block: number;
  readonly transaction: number;
}

export interface StoredValue {
  readonly version: Version;
  readonly value: Buffer;
}

export interface KeyedValue extends StoredValue {
  readonly key: Buffer;
}

/** Where a transaction went and what became of it. */
export interface TransactionPlace extends Version {
  /** Fabric's TxValidationCode. */
  readonly code: number;
}

/** The last block that the state has taken in. */
export interface Savepoint {
  readonly block: number;
  /** Offset in the block file just after it. */
  readonly end: number;
  /** Hash of its header, hex. */
  readonly hash: string;
}

type Database = ClassicLevel<Buffer, Buffer>;
type ScanIterator = Iterator<Database, Buffer, Buffer>;
export type Snapshot = ReturnType<Database['snapshot']>;
export type Write = { type: 'put'; key: Buffer; value: Buffer } | { type: 'del'; key: Buffer };

const SAVEPOINT = Buffer.from('m');
const STATE = 0x73; // 's'
const STATE_END = Buffer.from('t');

/** World state and indexes in one database, written with the savepoint in one batch per block. */
export class State {
  readonly #db: Database;

  private constructor(db: Database) {
    this.#db = db;
  }

  /** @throws an error with code LEVEL_LOCKED when another process has it open. */
  static async open(path: string): Promise<State> {
    const db: Database = new ClassicLevel(path, {
      keyEncoding: 'buffer',
      valueEncoding: 'buffer',
      cacheSize: 32 << 20,
    });
    try {
      await db.open();
    } catch (error) {
      throw (error as Error).cause ?? error;
    }
    return new State(db);
  }

  /** A frozen view; the caller closes it. */
  snapshot(): Snapshot {
    return this.#db.snapshot();
  }

  get(key: string, snapshot?: Snapshot): StoredValue | undefined {
    const bytes = this.#db.getSync(stateKey(key), snapshot ? { snapshot } : {});
    return bytes && decodeValue(bytes);
  }

  /** Keys from `start` (included) to `end` (not), in byte order; an empty end is the end of the state. */
  range(start: string, end: string, snapshot?: Snapshot): RangeScan {
    const bounds = { gte: stateKey(start), lt: end === '' ? STATE_END : stateKey(end) };
    return new RangeScan(this.#db.iterator<Buffer, Buffer>(snapshot ? { ...bounds, snapshot } : bounds));
  }

  place(txId: string): TransactionPlace | undefined {
    return this.#read(Buffer.from(`t${txId}`));
  }

  frame(block: number): Frame | undefined {
    return this.#read(Buffer.from(`b${block}`));
  }

  /** Number of the block whose header has this hash, hex. */
  numberOf(hash: string): number | undefined {
    return this.#read(Buffer.from(`h${hash}`));
  }

  savepoint(): Savepoint | undefined {
    return this.#read(SAVEPOINT);
  }

  /** Takes a block in, all or nothing. No fsync: after a power cut the block file is replayed. */
  apply(writes: Write[], savepoint: Savepoint): Promise<void> {
    return this.#db.batch([...writes, index(SAVEPOINT, savepoint)]);
  }

  #read<Entry>(key: Buffer): Entry | undefined {
    const bytes = this.#db.getSync(key);
    return bytes && JSON.parse(bytes.toString());
  }

  close(): Promise<void> {
    return this.#db.close();
  }
}

/** Reads a range in portions. */
export class RangeScan {
  readonly #iterator: ScanIterator;
  #ahead: [Buffer, Buffer][] = [];
  #exhausted = false;

  constructor(iterator: ScanIterator) {
    this.#iterator = iterator;
  }

  /** Up to `count` entries; `next` is the key after them, undefined when there is none. */
  async take(count: number): Promise<{ entries: KeyedValue[]; next: string | undefined }> {
    while (this.#ahead.length <= count && !this.#exhausted) {
      const portion = await this.#iterator.nextv(count + 1 - this.#ahead.length);
      this.#ahead.push(...portion);
      this.#exhausted = portion.length === 0;
    }
    const entries = this.#ahead.splice(0, count);
    const next = this.#ahead[0]?.[0].subarray(1).toString();
    return {
      entries: entries.map(([key, bytes]) => ({ key: key.subarray(1), ...decodeValue(bytes) })),
      next,
    };
  }

  close(): Promise<void> {
    return this.#iterator.close();
  }
}

export function writeValue(key: string, value: Uint8Array | null, version: Version): Write {
  if (value === null) return { type: 'del', key: stateKey(key) };
  const bytes = Buffer.allocUnsafe(8 + value.length);
  bytes.writeUInt32BE(version.block, 0);
  bytes.writeUInt32BE(version.transaction, 4);
  bytes.set(value, 8);
  return { type: 'put', key: stateKey(key), value: bytes };
}

export function writePlace(txId: string, place: TransactionPlace): Write {
  return index(Buffer.from(`t${txId}`), place);
}

export function writeFrame(block: number, frame: Frame): Write {
  return index(Buffer.from(`b${block}`), frame);
}

/** Finds a block's number by its header's hash, hex. */
export function writeHash(hash: string, block: number): Write {
  return index(Buffer.from(`h${hash}`), block);
}

function index(key: Buffer, entry: object | number): Write {
  return { type: 'put', key, value: Buffer.from(JSON.stringify(entry)) };
}

function stateKey(key: string): Buffer {
  const bytes = Buffer.allocUnsafe(1 + Buffer.byteLength(key));
  bytes[0] = STATE;
  bytes.write(key, 1);
  return bytes;
}

function decodeValue(bytes: Buffer): StoredValue {
  const version = { block: bytes.readUInt32BE(0), transaction: bytes.readUInt32BE(4) };
  return { version, value: bytes.subarray(8) };
}
