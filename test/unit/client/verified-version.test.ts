import { Tampered } from '@chartkey/client';
import { FIRST_SEGMENT_BYTES } from '@chartkey/vocabulary';
import fc from 'fast-check';
import { verifyVersion } from '../../../client/src/opening/verified-version.ts';
import { cutSegments } from '../../../gateway/src/vault/segments.ts';
import { golden, plaintext, runs } from '../vault/sample.ts';
import { anywhere } from '../vault/spoilings.ts';

interface Vector {
  header: string;
  leaves: string;
  commitment: string;
}
const access = `${'a'.repeat(64)}:0`;
const { vectors } = golden('commitments.json') as { vectors: Vector[] };
const cases = vectors.map(({ header, leaves, commitment }) => ({
  header: JSON.parse(header),
  leaves: Buffer.from(leaves, 'base64url').toString('base64'),
  commitment,
}));
const released = ({ header, leaves }: { header: unknown; leaves: string }) => ({ access, header, leaves });
const last = cases.at(-1);
if (!last) throw new Error('no vectors');
const anchor = { ...last.header, commitment: last.commitment };

test.each(cases)(
  '$header.length bytes have the commitment that wire.md says, and each segment its leaf',
  async (one) => {
    const version = await verifyVersion(released(one), { ...one.header, commitment: one.commitment });
    expect(version.header).toEqual(one.header);
    for await (const { number, bytes } of cutSegments([plaintext(one.header.length)])) {
      expect(await version.isCommitted(number, bytes)).toBe(true);
      expect(await version.isCommitted(number + 1, bytes)).toBe(false);
      expect(await version.isCommitted(number, Buffer.concat([bytes, Buffer.of(0)]))).toBe(false);
      if (bytes.length > 0) expect(await version.isCommitted(number, bytes.subarray(1))).toBe(false);
    }
  },
);

test.each([
  ['record', { record: 'b'.repeat(26) }, 'header'],
  ['version', { version: 4 }, 'header'],
  ['patient', { patient: `${'q'.repeat(42)}A` }, 'header'],
  ['network', { network: `${'m'.repeat(42)}A` }, 'header'],
  ['root', { commitment: `${'c'.repeat(42)}A` }, 'commitment'],
])('a header anchored with another %s is refused', async (_name, other, part) => {
  const attempt = verifyVersion(released(last), { ...anchor, ...other });
  await expect(attempt).rejects.toThrow(Tampered);
  await expect(attempt).rejects.toMatchObject({ access, part });
});

test.each([
  ['another media type', { mediaType: 'text/html' }],
  ['another author', { author: `${'b'.repeat(42)}A` }],
  ['another custodian', { custodian: 'LakesideMSP' }],
  ['another digest', { sha256: `${'c'.repeat(42)}A` }],
  ['another salt', { salt: `${'d'.repeat(42)}A` }],
  ['another length', { length: last.header.length - 1 }],
  ['fewer segments', { length: FIRST_SEGMENT_BYTES }],
  ['a fraction of a byte', { length: 1.5 }],
  ['no media type', { mediaType: '' }],
  ['another format', { format: 'chartkey-record/2' }],
  ['one member more', { name: 'x' }],
])('a header with %s is refused', async (_name, altered) => {
  const header = { ...last.header, ...altered };
  await expect(verifyVersion({ ...released(last), header }, anchor)).rejects.toThrow(Tampered);
});

test.each([undefined, null, 'header', [], {}])('%j is no header', async (header) => {
  await expect(verifyVersion({ ...released(last), header }, anchor)).rejects.toMatchObject({
    part: 'header',
  });
});

test('leaves that differ in any way are refused', async () => {
  const good = Buffer.from(last.leaves, 'base64');
  const property = fc.asyncProperty(anywhere, async (spoil) => {
    const leaves = spoil(good).toString('base64');
    await expect(verifyVersion({ ...released(last), leaves }, anchor)).rejects.toThrow(Tampered);
  });
  await fc.assert(property, runs(5000, 150));
  await expect(verifyVersion({ ...released(last), leaves: '*' }, anchor)).rejects.toMatchObject({
    part: 'leaves',
  });
});
