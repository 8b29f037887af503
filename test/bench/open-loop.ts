import { setTimeout as pause } from 'node:timers/promises';

/** What became of arrivals at a given rate. */
export interface OpenLoop {
  /** milliseconds from when each was due, not from when it was sent, so a stall counts for all who waited */
  latencies: number[];
  refused: number;
  failed: number;
}

/**
 * Work that arrives whether or not earlier work is done (Poisson arrivals from a fixed seed).
 * @param rate arrivals a second
 * @param work is told when it was due, milliseconds of performance.now()
 * @param isRefusal tells a refusal (503, 429) from a failure
 */
export async function openLoop(
  rate: number,
  milliseconds: number,
  work: (due: number) => Promise<unknown>,
  isRefusal: (error: unknown) => boolean = () => false,
): Promise<OpenLoop> {
  const outcome: OpenLoop = { latencies: [], refused: 0, failed: 0 };
  const running = new Set<Promise<void>>();
  const chance = seeded(1);
  const began = performance.now();
  for (let due = began; due < began + milliseconds; due += (-Math.log(1 - chance()) / rate) * 1000) {
    const early = due - performance.now();
    if (early > 1) await pause(early);
    const done = work(due).then(
      () => void outcome.latencies.push(performance.now() - due),
      (error: unknown) => {
        if (isRefusal(error)) outcome.refused += 1;
        else outcome.failed += 1;
      },
    );
    running.add(done);
    void done.then(() => running.delete(done));
  }
  await Promise.all(running);
  return outcome;
}

/** Numbers from 0 to 1 that are the same in every run (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
