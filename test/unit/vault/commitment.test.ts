import { canonicalJson } from '@chartkey/vocabulary';
import { commitmentOf, SegmentHashes } from '../../../gateway/src/vault/commitment.ts';
import { Tampered } from '../../../gateway/src/vault/failures.ts';
import { cutSegments } from '../../../gateway/src/vault/segments.ts';
import { VerifiedVersion } from '../../../gateway/src/vault/verified-version.ts';
import { golden, plaintext } from './sample.ts';

interface Vector {
  header: string;
  leaves: string;
  commitment: string;
}
const { vectors } = golden('commitments.json') as { vectors: Vector[] };
const decoded = (text: string) => Buffer.from(text, 'base64url');

const cases = vectors.map((vector) => ({ ...vector, parsed: JSON.parse(vector.header) }));

test.each(cases)(
  '$parsed.length bytes have the leaves and the commitment that wire.md says',
  async (vector) => {
    const hashes = new SegmentHashes(decoded(vector.parsed.salt));
    for await (const { bytes } of cutSegments([plaintext(vector.parsed.length)])) hashes.add(bytes);
    expect(hashes.all().toString('base64url')).toBe(vector.leaves);
    expect(canonicalJson(vector.parsed)).toBe(vector.header);
    expect(await commitmentOf(Buffer.from(vector.header), hashes.all())).toBe(vector.commitment);
  },
);

test('a header and leaves that match the anchor are taken, and every segment is checked by itself', async () => {
  const vector = cases.at(-1);
  if (!vector) throw new Error('no vectors');
  const anchor = { ...vector.parsed, commitment: vector.commitment };
  const version = await VerifiedVersion.verify(vector.parsed, decoded(vector.leaves), anchor);
  let segments = 0;
  for await (const { number, bytes } of cutSegments([plaintext(vector.parsed.length)])) {
    version.verifySegment(number, bytes);
    expect(() => version.verifySegment(number + 1, bytes)).toThrow(Tampered);
    expect(() => version.verifySegment(number, bytes.subarray(1))).toThrow(Tampered);
    segments += 1;
  }
  expect(segments).toBe(version.leaves.length / 32);
});

test.each([
  ['another record', { record: 'b'.repeat(26) }],
  ['another version', { version: 4 }],
  ['another patient', { patient: `${'q'.repeat(42)}A` }],
  ['another network', { network: `${'m'.repeat(42)}A` }],
  ['another root', { commitment: `${'c'.repeat(42)}A` }],
])('a header anchored as %s is refused', async (_, other) => {
  const [vector] = cases.slice(-1);
  const anchor = { ...vector?.parsed, commitment: vector?.commitment, ...other };
  await expect(VerifiedVersion.verify(vector?.parsed, decoded(vector?.leaves ?? ''), anchor)).rejects.toThrow(
    Tampered,
  );
});

test('leaves of a wrong number, and a header with an unknown member, are refused', async () => {
  const [vector] = cases.slice(-1);
  const anchor = { ...vector?.parsed, commitment: vector?.commitment };
  const leaves = decoded(vector?.leaves ?? '');
  for (const wrong of [leaves.subarray(32), leaves.subarray(1), Buffer.concat([leaves, leaves])]) {
    await expect(VerifiedVersion.verify(vector?.parsed, wrong, anchor)).rejects.toThrow(Tampered);
  }
  await expect(VerifiedVersion.verify({ ...vector?.parsed, name: 'x' }, leaves, anchor)).rejects.toThrow(
    Tampered,
  );
  await expect(commitmentOf(Buffer.alloc(1), leaves.subarray(1))).rejects.toThrow(RangeError);
});
