import type { Arm } from './rounds.ts';

/** Between two looks at the clock. */
const BATCH = 50;

/**
 * An arm of work that never waits: microseconds of processor time that each takes. What else this machine does
 * meanwhile takes time, but none of this process's.
 */
export function processorTimeOf(work: () => void): Arm {
  return async (milliseconds) => {
    const [began, before] = [performance.now(), spent()];
    let done = 0;
    for (; performance.now() - began < milliseconds; done += BATCH) {
      for (let at = 0; at < BATCH; at += 1) work();
    }
    return (spent() - before) / done;
  };
}

/** Microseconds of processor time that this process has used, its collector's and compiler's threads among it. */
export function spent(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}
