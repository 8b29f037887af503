import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { common, peer } from '@hyperledger/fabric-protos';
import { dataHash, headerHash, validationCodes } from './block.ts';
import { BlockFile, BlockFileFailure, type Frame } from './block-file.ts';
import { BlockUpdates } from './conflicts.ts';
import { committedAction, openEnvelope, openSet } from './envelope.ts';
import { State, type Write, writeFrame, writeHash, writePlace, writeValue } from './state.ts';

const NO_HASH = Buffer.alloc(0);
const FRAME_HEADER = 8;

/** A block and what it changes, ready to be written. Writing it twice changes nothing more. */
export interface PreparedBlock {
  readonly block: common.Block;
  /** Ids of its transactions by index; empty where a transaction has none. */
  readonly txIds: readonly string[];
  readonly updates: BlockUpdates;
}

/** The blocks and the state made from them. */
export class Chain {
  readonly state: State;
  readonly #blocks: BlockFile;
  readonly #waiting = new Set<() => void>();
  #height = 0;
  #lastHash: Buffer = NO_HASH;
  #recent: { number: number; bytes: Buffer } | undefined;
  #appended: { number: number; frame: Frame } | undefined;

  private constructor(state: State, blocks: BlockFile) {
    this.state = state;
    this.#blocks = blocks;
  }

  /**
   * Opens the ledger's folder, cuts a torn last block and brings the state up to the blocks.
   * @throws BlockFileFailure when blocks are missing, damaged or of another network.
   */
  static async open(folder: string, genesis: common.Block): Promise<Chain> {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const state = await State.open(join(folder, 'state'));
    const blocks = await BlockFile.open(join(folder, 'blocks'));
    const chain = new Chain(state, blocks);
    try {
      await chain.#recover(genesis, folder);
      return chain;
    } catch (error) {
      await chain.close();
      throw error;
    }
  }

  async #recover(genesis: common.Block, folder: string): Promise<void> {
    const savepoint = this.state.savepoint();
    if (savepoint) {
      this.#height = savepoint.block + 1;
      this.#lastHash = Buffer.from(savepoint.hash, 'hex');
    }
    await this.#blocks.recover(savepoint?.end ?? 0, (bytes, frame) => this.#replay(bytes, frame));
    if (this.#height === 0) {
      await this.append({ block: genesis, txIds: [''], updates: new BlockUpdates(this.state) });
    }
    const first = await this.header(0);
    if (!dataHash(genesis.getData()!.getDataList_asU8()).equals(first.getDataHash_asU8())) {
      throw new BlockFileFailure(
        `${folder} belongs to another network: its block 0 names other members or other root certificates`,
      );
    }
  }

  /** How many blocks there are. A block counts once it is fsynced and the state has taken it in. */
  get height(): number {
    return this.#height;
  }

  /** Hash of the newest block's header. */
  get lastHash(): Buffer {
    return this.#lastHash;
  }

  /** The serialised block. */
  async block(number: number): Promise<Buffer> {
    if (this.#recent?.number === number) return this.#recent.bytes;
    const frame = this.state.frame(number);
    if (!frame) throw new Error(`no such block number [${number}] in index`);
    return this.#blocks.read(frame);
  }

  async header(number: number): Promise<common.BlockHeader> {
    return common.Block.deserializeBinary(await this.block(number)).getHeader()!;
  }

  /** Resolves when a block exists or the signal aborts. */
  waitFor(number: number, signal: AbortSignal): Promise<void> {
    if (this.#height > number || signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const check = () => {
        if (this.#height <= number && !signal.aborted) return;
        this.#waiting.delete(check);
        signal.removeEventListener('abort', check);
        resolve();
      };
      this.#waiting.add(check);
      signal.addEventListener('abort', check);
    });
  }

  /**
   * Writes a block: file, fsync, state, and only then counts it and wakes the readers. After a failure the
   * same block may be given again; what was already done is not done twice.
   */
  async append(prepared: PreparedBlock): Promise<void> {
    const header = prepared.block.getHeader()!;
    const number = header.getNumber();
    const bytes = Buffer.from(prepared.block.serializeBinary());
    if (this.#appended?.number !== number) {
      this.#appended = { number, frame: await this.#blocks.append(bytes) };
    }
    await this.#take(prepared, this.#appended.frame);
    this.#recent = { number, bytes };
    for (const wake of [...this.#waiting]) wake();
  }

  async close(): Promise<void> {
    await this.state.close();
    await this.#blocks.close();
  }

  async #take(prepared: PreparedBlock, frame: Frame): Promise<void> {
    const header = prepared.block.getHeader()!;
    const number = header.getNumber();
    const writes: Write[] = [writeFrame(number, frame)];
    const codes = validationCodes(prepared.block);
    const seen = new Set<string>();
    prepared.txIds.forEach((txId, transaction) => {
      // An id keeps its first place: a repeated transaction does not hide what became of the first.
      if (txId === '' || seen.has(txId) || this.state.place(txId)) return;
      seen.add(txId);
      writes.push(writePlace(txId, { block: number, transaction, code: codes[transaction]! }));
    });
    for (const [key, update] of prepared.updates.entries()) {
      writes.push(writeValue(key, update.value, update.version));
    }
    const hash = headerHash(header);
    writes.push(writeHash(hash.toString('hex'), number));
    const end = frame.offset + FRAME_HEADER + frame.length;
    await this.state.apply(writes, { block: number, end, hash: hash.toString('hex') });
    this.#height = number + 1;
    this.#lastHash = hash;
  }

  async #replay(bytes: Buffer, frame: Frame): Promise<void> {
    const block = common.Block.deserializeBinary(bytes);
    const header = block.getHeader();
    const envelopes = block.getData()?.getDataList_asU8() ?? [];
    const follows =
      header?.getNumber() === this.#height &&
      this.#lastHash.equals(header.getPreviousHash_asU8()) &&
      dataHash(envelopes).equals(header.getDataHash_asU8());
    if (!follows) throw new BlockFileFailure(`block ${this.#height} does not follow the one before it`);
    const codes = validationCodes(block);
    const updates = new BlockUpdates(this.state);
    envelopes.forEach((envelope, transaction) => {
      const valid = codes[transaction] === peer.TxValidationCode.VALID;
      if (valid && this.#height > 0) updates.add(writesOf(envelope), { block: this.#height, transaction });
    });
    await this.#take({ block, txIds: envelopes.map(readTxId), updates }, frame);
  }
}

function writesOf(envelope: Uint8Array) {
  return openSet(committedAction(openEnvelope(envelope).payload)).set.getWritesList();
}

function readTxId(envelope: Uint8Array): string {
  try {
    return openEnvelope(envelope).channelHeader.getTxId();
  } catch {
    return '';
  }
}
