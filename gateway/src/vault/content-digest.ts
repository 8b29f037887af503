import { createHash } from 'node:crypto';
import { extname, join } from 'node:path';
import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads';

const FIRST_BLOCK_BYTES = 1 << 16;
const BLOCK_BYTES = 1 << 18;
/** Blocks kept here before the thread is called upon, together about 1 MiB. */
const MOST_HELD = 5;
/** Blocks that may be with the thread before we wait for one to come back. */
const MOST_AWAY = 4;

type Block = Uint8Array<ArrayBuffer>;
/** To the thread: a block, or what the last one holds. */
export type Asked = { bytes: Block; last: boolean };
/** From the thread: the block to be filled again, or the digest. */
export type Answered = { block: Block } | { sha256: Uint8Array };

/** The thread that hashes for every upload of this process; a new one when it has gone. */
let thread: Worker | undefined;

/** Started when it is first needed. */
export function hashingThread(): Worker {
  if (thread) return thread;
  const script = join(__dirname, `hashing-thread.m${extname(__filename).slice(1)}`);
  // What this process was told to load first is not the thread's business.
  const started = new Worker(script, { execArgv: [] });
  const gone = () => {
    if (thread === started) thread = undefined;
  };
  // Whoever waits for it hears of its end by the port that closes.
  started.on('error', gone).on('exit', gone).unref();
  thread = started;
  return started;
}

/**
 * The SHA-256 of a stream. That of a large one is made on another thread, beside its sealing: it is the one
 * hash that cannot be made in parts, and a third of the work.
 */
export class ContentDigest {
  private block: Block = Buffer.allocUnsafeSlow(FIRST_BLOCK_BYTES);
  private filled = 0;
  private held: Block[] = [];
  private port: MessagePort | undefined;
  private away = 0;
  private back: Block[] = [];
  private sha256: Uint8Array | undefined;
  private gone = false;
  private wake: (() => void) | undefined;

  /** Copies bytes in; to be awaited before the next ones. @throws Error when the thread has gone */
  async update(bytes: Uint8Array): Promise<void> {
    for (let taken = 0; taken < bytes.length; ) {
      if (this.filled === this.block.length) await this.turn();
      const part = bytes.subarray(taken, taken + this.block.length - this.filled);
      this.block.set(part, this.filled);
      this.filled += part.length;
      taken += part.length;
    }
  }

  /** The digest of all that came. @throws Error when the thread has gone */
  async digest(): Promise<Buffer> {
    const last = this.block.subarray(0, this.filled);
    if (!this.port) {
      const hash = createHash('sha256');
      for (const block of [...this.held, last]) hash.update(block);
      return hash.digest();
    }
    this.ask(last, true);
    while (!this.sha256) await this.answer();
    return Buffer.from(this.sha256);
  }

  /** Lets go of the thread, whatever has come of it. */
  leave(): void {
    this.port?.close();
  }

  private async turn(): Promise<void> {
    this.held.push(this.block);
    if (this.port || this.held.length >= MOST_HELD) {
      for (const block of this.held.splice(0)) this.ask(block, false);
    }
    while (this.away >= MOST_AWAY && this.back.length === 0) await this.answer();
    this.block = this.back.pop() ?? Buffer.allocUnsafeSlow(BLOCK_BYTES);
    this.filled = 0;
  }

  private ask(bytes: Block, last: boolean): void {
    this.port ??= this.open();
    const asked: Asked = { bytes, last };
    this.port.postMessage(asked, [bytes.buffer]);
    this.away += 1;
  }

  private open(): MessagePort {
    const { port1, port2 } = new MessageChannel();
    hashingThread().postMessage(port2, [port2]);
    port1.on('message', (answered: Answered) => {
      this.away -= 1;
      if ('sha256' in answered) this.sha256 = answered.sha256;
      else this.back.push(answered.block);
      this.wake?.();
    });
    port1.on('close', () => {
      this.gone = true;
      this.wake?.();
    });
    return port1;
  }

  private async answer(): Promise<void> {
    if (this.gone) throw new Error('the hashing thread has gone');
    await new Promise<void>((resolve) => {
      this.wake = resolve;
    });
  }
}
