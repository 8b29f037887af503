import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { FIRST_SEGMENT_BYTES, SEGMENT_BYTES, sealedLength } from '@chartkey/vocabulary';
import { openSmall, seal } from '../../../gateway/src/vault/sealing.ts';
import { SegmentCipher } from '../../../gateway/src/vault/segment-cipher.ts';
import { gather, golden, goldenPath, plaintext } from './sample.ts';

interface Vector {
  length: number;
  plaintextSha256: string;
  prologue: string;
  sealedLength: number;
  sealedSha256: string;
  sealed?: string;
  file?: string;
}
interface Vectors {
  ciphertextSegment: number;
  dataKey: string;
  associatedData: string;
  vectors: Vector[];
}

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('base64url');
const decoded = (text: string) => Buffer.from(text, 'base64url');

describe('with the segments of 64 KiB that Chartkey uses', () => {
  const { dataKey, associatedData, vectors } = golden('tink-64-kib.json') as Vectors;
  const [key, bound] = [decoded(dataKey), Buffer.from(associatedData)];

  test.each(vectors)('$length bytes seal to the very bytes that Tink made', async (vector) => {
    const content = plaintext(vector.length);
    expect(sha256(content)).toBe(vector.plaintextSha256);
    const sealed = await gather(seal([content], key, bound, undefined, decoded(vector.prologue)));
    expect(sealed.length).toBe(vector.sealedLength);
    expect(sealedLength(vector.length)).toBe(vector.sealedLength);
    expect(sha256(sealed)).toBe(vector.sealedSha256);
  });

  test.each(vectors.filter(({ sealed }) => sealed))('$length bytes that Tink sealed open', (vector) => {
    expect(openSmall(decoded(vector.sealed ?? ''), key, bound)).toEqual(plaintext(vector.length));
  });

  test.each(vectors.filter(({ file }) => file))(
    '$length bytes that Tink sealed in several segments open',
    (vector) => {
      const sealed = Buffer.from(readFileSync(goldenPath(vector.file ?? ''), 'latin1'), 'base64');
      expect(sha256(sealed)).toBe(vector.sealedSha256);
      const opened = openAll(sealed, key, bound, 65_536);
      expect(sha256(opened)).toBe(vector.plaintextSha256);
    },
  );

  test('one plaintext segment more begins with the byte that no longer fits', () => {
    expect(FIRST_SEGMENT_BYTES).toBe(65_480);
    expect(SEGMENT_BYTES).toBe(65_520);
    expect(sealedLength(65_481) - sealedLength(65_480)).toBe(17);
  });
});

describe("with the parameters of Tink's own 4 KiB template", () => {
  const { ciphertextSegment, dataKey, associatedData, vectors } = golden('tink-4-kib.json') as Vectors;

  test.each(vectors)(
    '$length bytes seal to the very bytes that Tink made',
    ({ length, prologue, sealedSha256 }) => {
      const cipher = new SegmentCipher(decoded(dataKey), decoded(prologue), Buffer.from(associatedData));
      const content = plaintext(length);
      const parts: Uint8Array[] = [decoded(prologue)];
      let start = 0;
      for (let segment = 0; segment === 0 || start < length; segment += 1) {
        const end = Math.min(length, (segment + 1) * (ciphertextSegment - 16) - 40);
        parts.push(...cipher.seal(segment, end === length, content.subarray(start, end)));
        start = end;
      }
      expect(sha256(Buffer.concat(parts))).toBe(sealedSha256);
    },
  );
});

function openAll(sealed: Buffer, key: Buffer, bound: Buffer, size: number): Buffer {
  const cipher = new SegmentCipher(key, sealed.subarray(0, 40), bound);
  const count = Math.ceil(sealed.length / size);
  const segments = Array.from({ length: count }, (_, segment) =>
    sealed.subarray(segment === 0 ? 40 : segment * size, (segment + 1) * size),
  );
  return Buffer.concat(segments.map((bytes, segment) => cipher.open(segment, segment === count - 1, bytes)));
}
