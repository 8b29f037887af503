import { Interrupted, makeKeys, Tampered, type WebKeys, WrongKey } from '@chartkey/client';
import { prologueRange, sealedRangeOf } from '@chartkey/vocabulary';
import fc from 'fast-check';
import { associatedDataOf, seal } from '../../../gateway/src/vault/sealing.ts';
import { facts, gather, network, plaintext, runs, temporaryFolder, vaultIn } from '../vault/sample.ts';
import { anywhere, inSealed, SEGMENT } from '../vault/spoilings.ts';
import { drained, open, type Released, release, SealedParts } from './sealed-record.ts';

const root = temporaryFolder();
const content = plaintext(4 * SEGMENT + 1000);
let keys: WebKeys;
let made: Released;

beforeAll(async () => {
  keys = await makeKeys();
  made = await release(await vaultIn(root), content, keys.enc);
});

/** Of what is missing nobody can say why; whatever else differs is told as such. */
function expectRefusal(failure: unknown, spoiled: Buffer, good: Buffer) {
  if (failure instanceof Interrupted) expect(spoiled.length).toBeLessThan(good.length);
  else expect(failure).toBeInstanceOf(Tampered);
}

test('sealed content that differs in any way is refused before a byte of the wrong segment goes on', async () => {
  const property = fc.asyncProperty(inSealed, fc.integer({ min: 1, max: 90_000 }), async (spoil, size) => {
    const spoiled = spoil(made.sealed);
    expect(spoiled.equals(made.sealed)).toBe(false);
    const parts = new SealedParts(spoiled, [size], made.sealed.length);
    const { arrived, failure } = await drained(await open(made, keys, { parts }));
    expectRefusal(failure, spoiled, made.sealed);
    expect(arrived.equals(content.subarray(0, arrived.length))).toBe(true);
    expect(arrived.length).toBeLessThan(content.length);
    expect(parts.left + Number(failure instanceof Interrupted)).toBeGreaterThan(0);
  });
  await fc.assert(property, runs(5000, 75));
});

test('a range of sealed content that differs in any way is refused', async () => {
  const range = { first: 70_000, last: 140_000 };
  const needed = sealedRangeOf(content.length, { start: range.first, end: range.last });
  const good = {
    [prologueRange.start]: made.sealed.subarray(prologueRange.start, prologueRange.end + 1),
    [needed.start]: made.sealed.subarray(needed.start, needed.end + 1),
  };
  const property = fc.asyncProperty(anywhere, fc.boolean(), async (spoil, inPrologue) => {
    const at = inPrologue ? prologueRange.start : needed.start;
    const fetchSealed = async ({ first, last }: { first: number; last: number }) => {
      const bytes = first === at ? spoil(good[first] ?? made.sealed) : (good[first] ?? made.sealed);
      const headers = { 'Content-Range': `bytes ${first}-${last}/${made.sealed.length}` };
      return new Response(new Uint8Array(bytes), { status: 206, headers });
    };
    const reading = async () => (await drained(await open(made, keys, { range, fetchSealed }))).failure;
    const failure = await reading().catch((error: unknown) => error);
    const part = good[at] ?? made.sealed;
    expectRefusal(failure, spoil(part), part);
  });
  await fc.assert(property, runs(5000, 75));
});

test('each single byte that is flipped is refused', async () => {
  const bytes = plaintext(70);
  const small = await release(await vaultIn(root), bytes, keys.enc);
  for (let at = 0; at < small.sealed.length; at += 1) {
    const spoiled = Buffer.from(small.sealed);
    spoiled[at] = (spoiled[at] ?? 0) ^ 0x20;
    const { arrived, failure } = await drained(await open(small, keys, { parts: new SealedParts(spoiled) }));
    expect(failure).toBeInstanceOf(Tampered);
    expect(failure).toMatchObject({ access: small.answer.access, part: at === 0 ? 'prologue' : 'segment 0' });
    expect(arrived).toHaveLength(0);
  }
});

test('other content, sealed with the very key by whoever has it, is not the anchored one', async () => {
  for (const wrongFrom of [0, 65_480, content.length - 1]) {
    const other = Buffer.from(content);
    other[wrongFrom] = (other[wrongFrom] ?? 0) ^ 1;
    const bound = associatedDataOf({ network, record: facts.record, version: facts.version });
    const resealed = await gather(seal([other], made.opened.dataKey, bound));
    const read = await open(made, keys, { parts: new SealedParts(resealed) });
    const { arrived, failure } = await drained(read);
    expect(failure).toBeInstanceOf(Tampered);
    expect(arrived.equals(content.subarray(0, arrived.length))).toBe(true);
    expect(arrived.length).toBeLessThanOrEqual(wrongFrom);
  }
});

test('the release of another version, record or patient opens nothing, whichever part of it is put in', async () => {
  const others = [
    { ...facts, version: 2 },
    { ...facts, record: 'b'.repeat(26) },
    { ...facts, record: 'c'.repeat(26), patient: `${'q'.repeat(42)}A` },
  ];
  const vault = await vaultIn(root);
  for (const other of others) {
    const theirs = await release(vault, content, keys.enc, other);
    const { access, ...rest } = theirs.answer;
    await expect(open(made, keys, { answer: theirs.answer })).rejects.toThrow(WrongKey);
    const answers = [
      { ...made.answer, sealedHeader: rest.sealedHeader },
      { ...made.answer, sealedHeader: rest.sealedHeader, leaves: rest.leaves },
      { ...made.answer, leaves: rest.leaves },
    ];
    for (const answer of answers) {
      const parts = new SealedParts(theirs.sealed);
      await expect(open(made, keys, { answer, parts })).rejects.toThrow(Tampered);
      expect(parts.asked).toEqual([]);
    }
    await expect(open(made, keys, { answer: { ...made.answer, key: rest.key } })).rejects.toThrow(WrongKey);
    const otherAccess = { ...made.answer, access };
    await expect(open(made, keys, { answer: otherAccess })).rejects.toMatchObject({
      reason: 'for another use',
    });
    const { failure } = await drained(await open(made, keys, { parts: new SealedParts(theirs.sealed) }));
    expect(failure).toMatchObject({ name: 'Tampered', part: 'segment 0' });
  }
});
