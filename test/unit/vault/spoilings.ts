import fc from 'fast-check';

/** Bytes of a sealed segment. */
export const SEGMENT = 65_536;

/** One way to spoil bytes; always gives other bytes than it got. */
export type Spoiling = (bytes: Buffer) => Buffer;

const fraction = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
const flip = fc.tuple(fraction, fc.integer({ min: 0, max: 7 })).map(
  ([where, bit]): Spoiling =>
    (bytes) => {
      const at = Math.floor(where * bytes.length);
      return Buffer.concat([
        bytes.subarray(0, at),
        Buffer.of((bytes[at] ?? 0) ^ (1 << bit)),
        bytes.subarray(at + 1),
      ]);
    },
);
const truncate = fraction.map(
  (where): Spoiling =>
    (bytes) =>
      bytes.subarray(0, Math.floor(where * bytes.length)),
);
const lengthen = fc.uint8Array({ minLength: 1, maxLength: 20 }).map(
  (tail): Spoiling =>
    (bytes) =>
      Buffer.concat([bytes, tail]),
);
const cutOut = fc.tuple(fraction, fc.integer({ min: 1, max: SEGMENT })).map(
  ([where, length]): Spoiling =>
    (bytes) => {
      const at = Math.floor(where * bytes.length);
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + length)]);
    },
);
/** Spoils bytes of any kind. */
export const anywhere = fc.oneof(flip, truncate, lengthen, cutOut);

const segmentsOf = (bytes: Buffer) =>
  Array.from({ length: Math.ceil(bytes.length / SEGMENT) }, (_, at) =>
    bytes.subarray(at * SEGMENT, (at + 1) * SEGMENT),
  );
const swap = fc.tuple(fc.nat({ max: 4 }), fc.nat({ max: 4 })).map(
  ([a, b]): Spoiling =>
    (bytes) => {
      const segments = segmentsOf(bytes);
      const other = a === b ? (a + 1) % 5 : b;
      [segments[a], segments[other]] = [segments[other] ?? Buffer.alloc(0), segments[a] ?? Buffer.alloc(0)];
      return Buffer.concat(segments);
    },
);
const splice = fc.tuple(fc.nat({ max: 4 }), fc.nat({ max: 4 })).map(
  ([from, to]): Spoiling =>
    (bytes) => {
      const segments = segmentsOf(bytes);
      segments.splice(to, from === to ? 0 : 1, segments[from] ?? Buffer.alloc(0));
      return Buffer.concat(segments);
    },
);
/** Spoils a sealed stream of five segments. */
export const inSealed = fc.oneof({ weight: 3, arbitrary: anywhere }, swap, splice);
