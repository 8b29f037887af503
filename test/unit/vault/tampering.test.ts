import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { openSealed, prologueRange, sealedRangeOf, Tampered } from '../../../gateway/src/vault/index.ts';
import {
  anchorOf,
  facts,
  filesIn,
  gather,
  patient,
  payloadFolder,
  plaintext,
  readBack,
  runs,
  temporaryFolder,
  vaultIn,
} from './sample.ts';
import { anywhere, inSealed, SEGMENT } from './spoilings.ts';

const root = temporaryFolder();
const share = runs(5000, 150);
const content = plaintext(4 * SEGMENT + 1000);

test('sealed content that differs in any way is refused before a byte of the wrong segment goes on', async () => {
  const vault = await vaultIn(root);
  const opened = await vault.openVersion(anchorOf(await vault.sealRecord([content], facts)));
  const sealed = await gather(await vault.sealedRange(opened));
  const property = fc.asyncProperty(inSealed, async (spoil) => {
    const spoiled = spoil(sealed);
    expect(spoiled.equals(sealed)).toBe(false);
    const served: Buffer[] = [];
    const serving = async () => {
      for await (const part of openSealed([spoiled], opened)) served.push(part);
    };
    await expect(serving()).rejects.toThrow(Tampered);
    const all = Buffer.concat(served);
    expect(all.equals(content.subarray(0, all.length))).toBe(true);
    expect(all.length).toBeLessThan(content.length);
  });
  await fc.assert(property, share);
});

test('a range of sealed content that differs in any way is refused', async () => {
  const vault = await vaultIn(root);
  const opened = await vault.openVersion(anchorOf(await vault.sealRecord([content], facts)));
  const sealed = await gather(await vault.sealedRange(opened));
  const range = { start: 70_000, end: 140_000 };
  const needed = sealedRangeOf(content.length, range);
  const bytes = sealed.subarray(needed.start, needed.end + 1);
  const prologue = sealed.subarray(0, prologueRange.end + 1);
  const property = fc.asyncProperty(anywhere, fc.boolean(), async (spoil, inPrologue) => {
    const opening = { ...opened, range, prologue: inPrologue ? spoil(prologue) : prologue };
    await expect(gather(openSealed([inPrologue ? bytes : spoil(bytes)], opening))).rejects.toThrow(Tampered);
  });
  await fc.assert(property, share);
});

test.each([
  ['sidecar', payloadFolder, '.sidecar'],
  ["patient's key", (own: string) => join(own, 'patient-keys'), patient],
])('a %s that differs in any way is refused', async (what, folderOf, ending) => {
  const own = join(root, `of-${what}`);
  const folder = folderOf(own);
  const vault = await vaultIn(own);
  const anchor = anchorOf(await vault.sealRecord([content], facts));
  const file = filesIn(folder).find((name) => name.endsWith(ending)) ?? '';
  const path = join(folder, file);
  const good = readFileSync(path);
  const property = fc.asyncProperty(anywhere, async (spoil) => {
    writeFileSync(path, spoil(good));
    await expect(vault.openVersion(anchor)).rejects.toThrow(Tampered);
  });
  await fc.assert(property, share);
  writeFileSync(path, good);
  expect((await readBack(vault, anchor)).equals(content)).toBe(true);
});

test('the sidecar, the content and the key of another version, record or patient are refused', async () => {
  const own = join(root, 'others');
  const vault = await vaultIn(own);
  const anchor = anchorOf(await vault.sealRecord([content], facts));
  const [contentPath, sidecarPath] = pathsIn(own, facts.record, 1);
  const good = [contentPath, sidecarPath].map((path) => readFileSync(path));
  const others = [
    { ...facts, version: 2 },
    { ...facts, record: 'b'.repeat(26) },
    { ...facts, record: 'c'.repeat(26), patient: `${'q'.repeat(42)}A` },
  ];
  for (const other of others) {
    await vault.sealRecord([content], other);
    const theirs = pathsIn(own, other.record, other.version).map((path) => readFileSync(path));
    for (const part of [0, 1]) {
      const path = [contentPath, sidecarPath][part] ?? '';
      writeFileSync(path, theirs[part] ?? '');
      await expect(readBack(vault, anchor)).rejects.toThrow(Tampered);
      writeFileSync(path, good[part] ?? '');
    }
  }
  expect((await readBack(vault, anchor)).equals(content)).toBe(true);
});

test('another commitment than the anchored one finds nothing, and a renamed sidecar is refused', async () => {
  const own = join(root, 'renamed');
  const vault = await vaultIn(own);
  const anchor = anchorOf(await vault.sealRecord([content], facts));
  const commitment = `${'c'.repeat(42)}A`;
  await expect(vault.openVersion({ ...anchor, commitment })).rejects.toThrow('holds no');
  const [, sidecarPath] = pathsIn(own, facts.record, 1);
  writeFileSync(sidecarPath.replace(anchor.commitment, commitment), readFileSync(sidecarPath));
  await expect(vault.openVersion({ ...anchor, commitment })).rejects.toThrow(Tampered);
});

function pathsIn(own: string, record: string, version: number): [string, string] {
  const folder = join(payloadFolder(own), record.slice(0, 2));
  const files = readdirSync(folder).filter((file) => file.startsWith(`${record}.${version}.`));
  const ending = (end: string) => join(folder, files.find((file) => file.endsWith(end)) ?? '');
  return [ending('.sealed'), ending('.sidecar')];
}
