// Shifts this process's clock by the milliseconds that the file CLOCK_FILE holds, so that days pass in a moment.
// Required before everything else: node --require, or at the top of a test.
const { readFileSync } = require('node:fs');

const Real = Date;
/** Milliseconds for which an offset that was read is good. */
const FRESH = 10;
let offset = 0;
let readAt = Number.NEGATIVE_INFINITY;

function now() {
  if (performance.now() - readAt > FRESH) {
    offset = Number(readFileSync(process.env.CLOCK_FILE, 'utf8')) || offset;
    readAt = performance.now();
  }
  return Real.now() + offset;
}

globalThis.Date = new Proxy(Real, {
  apply: () => new Real(now()).toString(),
  construct: (target, args) => Reflect.construct(target, args.length === 0 ? [now()] : args),
  get: (target, member) => (member === 'now' ? now : Reflect.get(target, member)),
});
