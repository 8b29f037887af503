import { peer } from '@hyperledger/fabric-protos';
import { makeBlock, type Orderer } from './block.ts';
import type { Chain, PreparedBlock } from './chain.ts';
import { BlockUpdates } from './conflicts.ts';
import type { TransactionPlace } from './state.ts';
import {
  checkEndorsements,
  readTransaction,
  type Transaction,
  type TransactionRules,
} from './transaction.ts';

const Code = peer.TxValidationCode;
/** Transactions in a block at most, Fabric's MaxMessageCount. */
const BLOCK_TRANSACTIONS = 200;
/** Bytes after which a block is closed, Fabric's PreferredMaxBytes. */
const BLOCK_BYTES = 2 << 20;
/** Bytes that may wait for a block. */
const QUEUE_BYTES = 256 << 20;
const RETRY_MS = 500;
/** Delivered requests that SmartBFT remembers, so that nobody needs to order them again. */
const REMEMBERED_REQUESTS = 1000;

interface Queued {
  /** Id of its nonce and creator. */
  readonly request: string;
  readonly envelope: Uint8Array;
  readonly transaction: Transaction;
  /** The verdict on its endorsements, under way from the moment it was queued. */
  readonly endorsed: Promise<number>;
}

/**
 * Orders, validates and commits. When idle a transaction gets its block at once; what arrives while a block
 * is being written goes into the next one together.
 */
export class Committer {
  readonly #chain: Chain;
  readonly #rules: TransactionRules;
  readonly #orderer: Orderer;
  readonly #log: (line: string) => void;
  readonly #waiting = new Map<string, Set<(place: TransactionPlace) => void>>();
  readonly #delivered = new Set<string>();
  #queue: Queued[] = [];
  #queuedBytes = 0;
  #work: Promise<void> | undefined;
  #stopped = false;
  #fault: string | undefined;

  constructor(chain: Chain, rules: TransactionRules, orderer: Orderer, log: (line: string) => void) {
    this.#chain = chain;
    this.#rules = rules;
    this.#orderer = orderer;
    this.#log = log;
  }

  /** Why no transaction can be taken now; undefined when all is well. */
  get fault(): string | undefined {
    if (this.#stopped) return 'the ledger is stopping';
    return (
      this.#fault ?? (this.#queuedBytes > QUEUE_BYTES ? 'too many transactions wait for a block' : undefined)
    );
  }

  /** Queues a serialised envelope, whose creator's signature was verified, for a block. */
  submit(envelope: Uint8Array, request: string): void {
    const transaction = readTransaction(envelope, this.#rules, true);
    const { action, code } = transaction;
    const endorsed = action ? checkEndorsements(action, this.#rules) : Promise.resolve(code);
    endorsed.catch(() => undefined);
    this.#queue.push({ request, envelope, transaction, endorsed });
    this.#queuedBytes += envelope.length;
    this.#work ??= this.#run();
  }

  /** Whether a request was ordered a short while ago. */
  hasDelivered(request: string): boolean {
    return this.#delivered.has(request);
  }

  /** Where a transaction went, when it has; undefined once the signal aborts. */
  status(txId: string, signal: AbortSignal): Promise<TransactionPlace | undefined> {
    const place = this.#chain.state.place(txId);
    if (place || signal.aborted) return Promise.resolve(place);
    return new Promise((resolve) => {
      const waiters = this.#waiting.get(txId) ?? new Set();
      this.#waiting.set(txId, waiters);
      const done = (found?: TransactionPlace) => {
        signal.removeEventListener('abort', aborted);
        waiters.delete(done);
        if (waiters.size === 0) this.#waiting.delete(txId);
        resolve(found);
      };
      const aborted = () => done();
      waiters.add(done);
      signal.addEventListener('abort', aborted);
    });
  }

  /** Commits what is queued and stops; gives up when the disk refuses. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#work;
  }

  async #run(): Promise<void> {
    // One turn of the event loop, so that what arrived together goes into one block.
    await new Promise(setImmediate);
    while (this.#queue.length > 0) {
      const queued = this.#cut();
      const prepared = await this.#prepare(queued);
      if (!(await this.#write(prepared))) break;
      this.#remember(queued);
      this.#announce(prepared);
    }
    this.#work = undefined;
  }

  #cut(): Queued[] {
    let bytes = 0;
    let count = 0;
    for (const { envelope } of this.#queue) {
      if (count > 0 && (count === BLOCK_TRANSACTIONS || bytes + envelope.length > BLOCK_BYTES)) break;
      bytes += envelope.length;
      count++;
    }
    this.#queuedBytes -= bytes;
    return this.#queue.splice(0, count);
  }

  async #prepare(queued: readonly Queued[]): Promise<PreparedBlock> {
    const number = this.#chain.height;
    const updates = new BlockUpdates(this.#chain.state);
    const codes: number[] = [];
    const txIds: string[] = [];
    const valid = new Set<string>();
    for (const { transaction, endorsed } of queued) {
      const { txId, set } = transaction;
      let { code } = transaction;
      if (code === Code.VALID && this.#chain.state.place(txId)) code = Code.DUPLICATE_TXID;
      if (code === Code.VALID) code = await endorsed;
      if (code === Code.VALID && valid.has(txId)) code = Code.DUPLICATE_TXID;
      if (code === Code.VALID) {
        valid.add(txId);
        code = await updates.check(set!);
      }
      if (code === Code.VALID)
        updates.add(set!.getWritesList(), { block: number, transaction: codes.length });
      codes.push(code);
      txIds.push(txId);
    }
    const previousHash = this.#chain.lastHash;
    const envelopes = queued.map(({ envelope }) => envelope);
    return { block: makeBlock({ number, previousHash, envelopes, codes }, this.#orderer), txIds, updates };
  }

  /** Tries until the disk takes the block, so that nothing submitted is forgotten; false when told to stop. */
  async #write(prepared: PreparedBlock): Promise<boolean> {
    for (;;) {
      try {
        await this.#chain.append(prepared);
        this.#fault = undefined;
        return true;
      } catch (error) {
        const reason = `the ledger cannot write its blocks: ${(error as Error).message}`;
        if (this.#fault !== reason)
          this.#log(`${reason}; it tries again, transactions are refused until then`);
        this.#fault = reason;
        if (this.#stopped) return false;
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
      }
    }
  }

  #remember(queued: readonly Queued[]): void {
    for (const { request } of queued) this.#delivered.add(request);
    for (const oldest of this.#delivered) {
      if (this.#delivered.size <= REMEMBERED_REQUESTS) break;
      this.#delivered.delete(oldest);
    }
  }

  #announce(prepared: PreparedBlock): void {
    for (const txId of new Set(prepared.txIds)) {
      const waiters = this.#waiting.get(txId);
      const place = waiters && this.#chain.state.place(txId);
      if (place) for (const done of [...waiters]) done(place);
    }
  }
}
