import type { IncomingMessage } from 'node:http';
import { Failure } from '@chartkey/vocabulary';

/** What may wait here for a slow reader before the client is held back. */
const MOST_WAITING = 1 << 18;

/**
 * The chunks of a request as the parser hands them over. Its own iterator goes through the event loop and
 * starts a timer for each of them, which takes longer than to hash one.
 */
export class Arrival {
  private readonly waiting: Buffer[] = [];
  private bytes = 0;
  private ended = false;
  private failure: Failure | undefined;
  private wake: (() => void) | undefined;
  private readonly timer: NodeJS.Timeout;

  /** @param idleMilliseconds how long the client may rest while we wait for it */
  constructor(
    private readonly request: IncomingMessage,
    idleMilliseconds: number,
  ) {
    this.timer = setTimeout(this.onIdle, idleMilliseconds);
    if (request.readableEnded) this.onEnd();
    else if (request.destroyed) this.onBroken();
    request
      .on('data', this.onData)
      .on('end', this.onEnd)
      .on('error', this.onBroken)
      .on('close', this.onBroken);
  }

  /** The next chunk; undefined at the end. @throws Failure UPLOAD_INCOMPLETE, TOO_SLOW */
  async next(): Promise<Buffer | undefined> {
    if (this.waiting.length === 0 && !this.ended && !this.failure) await this.more();
    const chunk = this.waiting.shift();
    if (chunk) {
      this.bytes -= chunk.length;
      return chunk;
    }
    if (this.failure) throw this.failure;
    return undefined;
  }

  /** Leaves the rest of the body, and the connection, as they are. */
  leave(): void {
    clearTimeout(this.timer);
    const { request } = this;
    request
      .off('data', this.onData)
      .off('end', this.onEnd)
      .off('error', this.onBroken)
      .off('close', this.onBroken);
    if (!this.ended) request.pause();
  }

  private more(): Promise<void> {
    this.timer.refresh();
    this.request.resume();
    return new Promise((resolve) => {
      this.wake = resolve;
    });
  }

  private awake(): void {
    this.wake?.();
    this.wake = undefined;
  }

  private readonly onData = (chunk: Buffer) => {
    this.waiting.push(chunk);
    this.bytes += chunk.length;
    if (this.bytes >= MOST_WAITING) this.request.pause();
    this.awake();
  };

  private readonly onEnd = () => {
    this.ended = this.request.complete;
    if (!this.ended) this.onBroken();
    this.awake();
  };

  private readonly onBroken = () => {
    if (!this.ended) this.fail(new Failure('UPLOAD_INCOMPLETE'));
  };

  private readonly onIdle = () => {
    if (this.wake) this.fail(new Failure('TOO_SLOW'));
  };

  private fail(failure: Failure): void {
    this.failure ??= failure;
    this.awake();
  }
}
