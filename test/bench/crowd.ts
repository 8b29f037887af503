/** Does work over and over with so many at once: how many a second were done. */
export async function perSecond(
  inFlight: number,
  milliseconds: number,
  work: () => Promise<unknown>,
): Promise<number> {
  const began = performance.now();
  let done = 0;
  const one = async () => {
    while (performance.now() - began < milliseconds) {
      await work();
      done += 1;
    }
  };
  await Promise.all(Array.from({ length: inFlight }, one));
  return done / ((performance.now() - began) / 1000);
}

/** Does work one at a time: milliseconds of each. */
export async function oneByOne(milliseconds: number, work: () => Promise<unknown>): Promise<number[]> {
  const times: number[] = [];
  for (const began = performance.now(); performance.now() - began < milliseconds; ) {
    const before = performance.now();
    await work();
    times.push(performance.now() - before);
  }
  return times;
}

/** Does work so many times with so many at once. @param work told which one it is, from 0 */
export async function times(
  many: number,
  inFlight: number,
  work: (at: number) => Promise<unknown>,
): Promise<void> {
  let next = 0;
  const one = async () => {
    while (next < many) await work(next++);
  };
  await Promise.all(Array.from({ length: Math.min(many, inFlight) }, one));
}
