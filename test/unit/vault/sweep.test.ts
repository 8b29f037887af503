import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  anchorOf,
  facts,
  filesIn,
  payloadFolder,
  plaintext,
  readBack,
  temporaryFolder,
  vaultIn,
} from './sample.ts';

const root = temporaryFolder();
const content = plaintext(100_000);
const rule = (anchored: string[], youngest = 0) => ({
  isAnchored: async (_: string, __: number, commitment: string) => anchored.includes(commitment),
  youngest,
});

test('of two attempts at a version the anchored one stays and the other goes', async () => {
  const own = join(root, 'attempts');
  const vault = await vaultIn(own);
  const [first, second] = [
    await vault.sealRecord([content], facts),
    await vault.sealRecord([content], facts),
  ];
  const swept = await vault.sweep(rule([second.commitment]));
  expect(swept).toEqual({ settled: 1, removed: 1, waiting: 0 });
  expect((await readBack(vault, anchorOf(second))).equals(content)).toBe(true);
  await expect(vault.openVersion(anchorOf(first))).rejects.toThrow('holds no');
  expect(filesIn(payloadFolder(own))).toHaveLength(2);
  expect(await vault.sweep(rule([]))).toEqual({ settled: 0, removed: 0, waiting: 0 });
});

test('an attempt whose transaction may still commit waits', async () => {
  const vault = await vaultIn(join(root, 'young'));
  const sealed = await vault.sealRecord([content], facts);
  expect(await vault.sweep(rule([], 600_000))).toEqual({ settled: 0, removed: 0, waiting: 1 });
  expect((await readBack(vault, anchorOf(sealed))).equals(content)).toBe(true);
  expect(await vault.sweep(rule([sealed.commitment], 600_000))).toEqual({
    settled: 1,
    removed: 0,
    waiting: 0,
  });
});

test('beside a sidecar that cannot be read nothing is removed', async () => {
  const own = join(root, 'spoiled');
  const vault = await vaultIn(own);
  await vault.sealRecord([content], facts);
  const files = filesIn(payloadFolder(own));
  writeFileSync(join(payloadFolder(own), files.find((file) => file.endsWith('.sidecar')) ?? ''), '{}');
  writeFileSync(join(payloadFolder(own), 'unsettled', 'not of ours'), '');
  expect(await vault.sweep(rule([]))).toEqual({ settled: 0, removed: 0, waiting: 1 });
  expect(filesIn(payloadFolder(own))).toEqual(expect.arrayContaining(files));
});

test('a settled version is never swept, a discarded one is gone', async () => {
  const own = join(root, 'settled');
  const vault = await vaultIn(own);
  const [kept, dropped] = [
    await vault.sealRecord([content], facts),
    await vault.sealRecord([content], facts),
  ];
  await vault.settle(kept);
  await vault.discard(dropped);
  expect(await vault.sweep(rule([]))).toEqual({ settled: 0, removed: 0, waiting: 0 });
  expect(filesIn(payloadFolder(own))).toHaveLength(2);
  expect((await readBack(vault, anchorOf(kept))).equals(content)).toBe(true);
});

test('an upload that is still under way is left alone by a sweep', async () => {
  const vault = await vaultIn(join(root, 'busy'));
  async function* sweptMeanwhile() {
    yield content;
    expect(await vault.sweep(rule([]))).toEqual({ settled: 0, removed: 0, waiting: 0 });
    yield content;
  }
  const sealed = await vault.sealRecord(sweptMeanwhile(), facts);
  expect((await readBack(vault, anchorOf(sealed))).length).toBe(2 * content.length);
});

test('anchored content that is gone is missed, not served', async () => {
  const own = join(root, 'gone');
  const vault = await vaultIn(own);
  const anchor = anchorOf(await vault.sealRecord([content], facts));
  for (const file of filesIn(payloadFolder(own))) {
    if (file.endsWith('.sealed')) rmSync(join(payloadFolder(own), file));
  }
  await expect(readBack(vault, anchor)).rejects.toThrow('holds no');
});

test('the vault says whether it can be written', async () => {
  const own = join(root, 'writable');
  const vault = await vaultIn(own);
  await vault.checkWritable();
  expect(filesIn(payloadFolder(own))).toEqual([]);
  rmSync(payloadFolder(own), { recursive: true });
  await expect(vault.checkWritable()).rejects.toThrow(/ENOENT|VAULT_UNAVAILABLE/);
});

test('facts with an unknown member, or without a media type, are refused before a byte is read', async () => {
  const own = join(root, 'facts');
  const vault = await vaultIn(own);
  async function* unread(): AsyncGenerator<Uint8Array> {
    yield await Promise.reject(new Error('a byte was read'));
  }
  for (const wrong of [
    { ...facts, name: 'x' },
    { ...facts, mediaType: '' },
    { ...facts, record: '../../etc' },
  ]) {
    await expect(vault.sealRecord(unread(), wrong)).rejects.toThrow(/Unrecognized|Too small|Invalid/);
  }
  expect(filesIn(payloadFolder(own))).toEqual([]);
});
