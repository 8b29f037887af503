import { createHash } from 'node:crypto';
import { join } from 'node:path';

export const network = `demo-${'n'.repeat(42)}A`;
export const patient = 'p'.repeat(42).concat('A');
export const facts = {
  patient,
  custodian: 'RiversideMSP',
  author: 'a'.repeat(42).concat('A'),
  record: 'abcdefghijklmnopqrstuvwx27',
  version: 1,
  mediaType: 'application/dicom',
  labels: [] as string[],
};

/** The golden files' content: SHA-256 of a counter, again and again. */
export function plaintext(length: number): Buffer {
  const blocks = Array.from({ length: Math.ceil(length / 32) }, (_, number) => {
    const counter = Buffer.alloc(4);
    counter.writeUInt32BE(number);
    return createHash('sha256').update(counter).digest();
  });
  return Buffer.concat(blocks).subarray(0, length);
}

/** Cuts bytes into chunks whose sizes repeat; a size of 0 is an empty chunk. */
export function* chunked(bytes: Uint8Array, sizes: number[]): Generator<Uint8Array> {
  let at = 0;
  for (let turn = 0; at < bytes.length; turn += 1) {
    const size = sizes[turn % sizes.length] ?? bytes.length;
    yield bytes.subarray(at, at + size);
    at += size;
  }
}

export function keysIn(root: string) {
  return {
    network,
    keyFolder: join(root, 'keys'),
    patientKeyFolder: join(root, 'patient-keys'),
  };
}
