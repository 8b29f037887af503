import { setTimeout as pause } from 'node:timers/promises';

/** Changes that go on beside a measurement. */
export interface Changes {
  done: number;
  /** Ends them. @throws what one of them threw */
  stop(): Promise<void>;
}

/** Makes a change so many times a second, each whether or not the one before is over. */
export function changing(aSecond: number, change: () => Promise<unknown>): Changes {
  const running = new Set<Promise<void>>();
  let [isOver, failure]: [boolean, unknown] = [false, undefined];
  const changes: Changes = { done: 0, stop: () => Promise.resolve() };
  const go = async () => {
    for (let due = performance.now(); !isOver; due += 1000 / aSecond) {
      await pause(Math.max(0, due - performance.now()));
      const one: Promise<void> = change()
        .then(() => {
          changes.done += 1;
        })
        .catch((error: unknown) => {
          failure ??= error;
        })
        .finally(() => running.delete(one));
      running.add(one);
    }
  };
  const going = go();
  changes.stop = async () => {
    isOver = true;
    await going;
    await Promise.all(running);
    if (failure !== undefined) throw failure;
  };
  return changes;
}
