import type { Reading } from './reading.ts';

/** Bytes that kept readings may hold on to: their leaves, mostly. */
const MOST_BYTES = 128 << 20;
const MOST_READINGS = 16_384;
/** Milliseconds between two looks for sessions that have ended. */
const SWEEP = 15_000;

/** Released versions, by access, for as long as their sessions live: a viewer's ranges share one access. */
export class Readings {
  private readonly kept = new Map<string, Promise<Reading>>();
  private readonly weights = new Map<string, number>();
  private bytes = 0;
  private readonly sweeping: NodeJS.Timeout;

  constructor(
    private readonly now: () => number,
    private readonly most: { readings: number; bytes: number } = {
      readings: MOST_READINGS,
      bytes: MOST_BYTES,
    },
  ) {
    this.sweeping = setInterval(() => void this.sweep(), SWEEP).unref();
  }

  /** The reading of an access, released when it is not here; who asks meanwhile waits for the same one. */
  async obtain(access: string, release: () => Promise<Reading>): Promise<Reading> {
    const kept = this.kept.get(access);
    if (kept) return kept;
    const releasing = release();
    this.kept.set(access, releasing);
    try {
      const reading = await releasing;
      this.weights.set(access, reading.weight);
      this.bytes += reading.weight;
      this.makeRoom(access);
      return reading;
    } catch (error) {
      this.kept.delete(access);
      throw error;
    }
  }

  /** Forgets the keys of sessions that have ended. */
  async sweep(): Promise<void> {
    for (const access of [...this.weights.keys()]) {
      const reading = await this.kept.get(access);
      if (reading && this.now() > reading.until) this.drop(access);
    }
  }

  close(): void {
    clearInterval(this.sweeping);
    for (const access of [...this.weights.keys()]) this.drop(access);
  }

  /** The oldest go first; an access that is gone is spent, and its reader asks for a new one. */
  private makeRoom(newest: string): void {
    for (const access of [...this.weights.keys()]) {
      if (this.weights.size <= this.most.readings && this.bytes <= this.most.bytes) return;
      if (access !== newest) this.drop(access);
    }
  }

  private drop(access: string): void {
    const reading = this.kept.get(access);
    this.bytes -= this.weights.get(access) ?? 0;
    this.weights.delete(access);
    this.kept.delete(access);
    reading?.then(
      (one) => one.forget(),
      () => {},
    );
  }
}
