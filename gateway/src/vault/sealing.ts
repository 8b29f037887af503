import { randomBytes } from 'node:crypto';
import { canonicalJson, PROLOGUE_BYTES } from '@chartkey/vocabulary';
import { giveBack } from '../give-back.ts';
import { Tampered } from './failures.ts';
import { SegmentCipher } from './segment-cipher.ts';
import { type ByteSource, cutSegments } from './segments.ts';

/** The version that sealed bytes belong to; bound to them as associated data. */
export interface VersionName {
  readonly network: string;
  readonly record: string;
  readonly version: number;
}

/** Associated data (wire.md, "Bytes"): canonical JSON of the version's name; the sidecar's header names its part. */
export function associatedDataOf({ network, record, version }: VersionName, part?: 'header'): Buffer {
  return Buffer.from(canonicalJson(part ? { network, record, version, part } : { network, record, version }));
}

/** A new prologue: length byte, 32 bytes of salt, 7 of nonce prefix. */
export function newPrologue(): Buffer {
  const prologue = randomBytes(PROLOGUE_BYTES);
  prologue[0] = PROLOGUE_BYTES;
  return prologue;
}

/**
 * Seals content of any length in constant memory. Each plaintext segment is shown to `onSegment` before
 * its ciphertext goes out; the bytes shown are valid until it resolves, those that come out until the next
 * are asked for.
 */
export async function* seal(
  content: ByteSource,
  dataKey: Uint8Array,
  associatedData: Uint8Array,
  onSegment: (bytes: Uint8Array) => Promise<void> | void = () => {},
  prologue: Uint8Array = newPrologue(),
): AsyncGenerator<Uint8Array> {
  const cipher = new SegmentCipher(dataKey, prologue, associatedData);
  yield prologue;
  for await (const { number, last, bytes } of cutSegments(content)) {
    await onSegment(bytes);
    const [sealed, tag] = cipher.seal(number, last, bytes);
    if (sealed.length > 0) yield sealed;
    yield tag;
    giveBack(sealed);
  }
}

/** Seals a content small enough for one segment, such as a header. */
export function sealSmall(content: Uint8Array, dataKey: Uint8Array, associatedData: Uint8Array): Buffer {
  const prologue = newPrologue();
  const cipher = new SegmentCipher(dataKey, prologue, associatedData);
  return Buffer.concat([prologue, ...cipher.seal(0, true, content)]);
}

/** Opens what `sealSmall` made. @throws Tampered when a single bit differs. */
export function openSmall(sealed: Uint8Array, dataKey: Uint8Array, associatedData: Uint8Array): Buffer {
  if (sealed.length < PROLOGUE_BYTES) throw new Tampered('prologue');
  const cipher = new SegmentCipher(dataKey, sealed.subarray(0, PROLOGUE_BYTES), associatedData);
  return cipher.open(0, true, sealed.subarray(PROLOGUE_BYTES));
}
