import { Interrupted } from '../problems.ts';

/** Takes exact numbers of bytes from the sealed stream of an access, whatever its chunking. */
export class ExactReader {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  #chunk: Uint8Array = new Uint8Array();

  constructor(
    stream: ReadableStream<Uint8Array>,
    private readonly about: { access: string; signal?: AbortSignal | undefined },
  ) {
    this.#reader = stream.getReader();
  }

  /** The next `length` bytes, in memory of their own. @throws Interrupted when the stream ends before */
  async take(length: number): Promise<Uint8Array<ArrayBuffer>> {
    const taken = new Uint8Array(length);
    let filled = 0;
    while (filled < length) {
      if (this.#chunk.length === 0 && !(await this.#next())) throw this.#cutOff();
      const part = this.#chunk.subarray(0, length - filled);
      this.#chunk = this.#chunk.subarray(part.length);
      taken.set(part, filled);
      filled += part.length;
    }
    return taken;
  }

  async atEnd(): Promise<boolean> {
    while (this.#chunk.length === 0) if (!(await this.#next())) return true;
    return false;
  }

  /** Nothing more is wanted of the stream. */
  async cancel(reason?: unknown): Promise<void> {
    await this.#reader.cancel(reason).catch(() => undefined);
  }

  /** @throws Interrupted when the stream breaks off, or the signal's reason */
  async #next(): Promise<boolean> {
    this.about.signal?.throwIfAborted();
    const { done, value } = await this.#reader.read().catch((cause: unknown) => {
      this.about.signal?.throwIfAborted();
      throw this.#cutOff(cause);
    });
    this.#chunk = value ?? new Uint8Array();
    return !done;
  }

  #cutOff(cause?: unknown): Interrupted {
    return new Interrupted(`the sealed content of access ${this.about.access}`, cause);
  }
}
