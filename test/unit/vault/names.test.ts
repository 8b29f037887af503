import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { openFileStore, VaultPathRefused } from '../../../gateway/src/vault/index.ts';
import { contentName, patientKeyName, sidecarName } from '../../../gateway/src/vault/names.ts';
import {
  anchorOf,
  facts,
  filesIn,
  gather,
  plaintext,
  readBack,
  runs,
  temporaryFolder,
  vaultIn,
} from './sample.ts';

const root = temporaryFolder();

const parts = [
  '..',
  '.',
  '',
  '/',
  '\\',
  '\0',
  '%2e%2e',
  '%2f',
  '～',
  '..;',
  'C:',
  '~',
  'ab',
  facts.record,
  '\n',
  '․․',
];
const joints = ['/', '\\', '//', '%2f', '', '\0'];
const traversals = fc
  .array(fc.tuple(fc.constantFrom(...parts), fc.constantFrom(...joints)), { minLength: 1, maxLength: 6 })
  .map((pairs) => pairs.flat().join(''))
  .filter((id) => !/^[A-Za-z0-9_-]*$/.test(id));
const share = runs(1000, 100);

test('no id leads out of the folder: whatever is not an id is refused before it is a path', () => {
  const property = fc.property(traversals, (id) => {
    expect(() => contentName(id, 1, facts.record)).toThrow(VaultPathRefused);
    expect(() => contentName(facts.record, 1, id)).toThrow(VaultPathRefused);
    expect(() => sidecarName(facts.record, 1, id)).toThrow(VaultPathRefused);
    expect(() => contentName(facts.record, id as unknown as number, facts.record)).toThrow(VaultPathRefused);
    expect(() => patientKeyName(id)).toThrow(VaultPathRefused);
  });
  fc.assert(property, share);
});

test('no name of an object leads out of the store either', async () => {
  const outside = join(root, 'outside');
  mkdirSync(outside);
  const store = await openFileStore(join(outside, 'store'));
  const names = traversals.filter(
    (name) => !/^(?:[a-z0-9]{2,16}\/)?[A-Za-z0-9_-][A-Za-z0-9._-]*$/.test(name),
  );
  const property = fc.asyncProperty(names, async (name) => {
    for (const attempt of [store.put(name, []), store.get(name), store.delete(name), store.exists(name)]) {
      await expect(attempt).rejects.toThrow(VaultPathRefused);
    }
  });
  await fc.assert(property, share);
  expect(filesIn(outside)).toEqual([]);
});

test('a sealed record asked for by a malformed id is refused as such', async () => {
  const vault = await vaultIn(root);
  const commitment = `${'c'.repeat(42)}A`;
  const anchor = { record: '../../../../../../../../etc', version: 1, patient: facts.patient, commitment };
  await expect(vault.openVersion(anchor)).rejects.toThrow(VaultPathRefused);
  await expect(vault.forgetPatient('../keys/vault-1.key')).rejects.toThrow(VaultPathRefused);
});

describe('a symbolic link', () => {
  const target = join(root, 'target');
  mkdirSync(target, { recursive: true });
  writeFileSync(join(target, 'secret'), 'not of the vault');

  test('in place of an object is not followed', async () => {
    const store = await openFileStore(join(root, 'linked'));
    symlinkSync(join(target, 'secret'), join(root, 'linked', 'object'));
    await expect(store.get('object')).rejects.toThrow(VaultPathRefused);
    await expect(store.read('object', 100)).rejects.toThrow(VaultPathRefused);
    expect(await store.exists('object')).toBe(false);
    await store.put('object', [Buffer.from('replaces the link, not its target')]);
    expect((await gather(await store.get('object'))).toString()).toBe('replaces the link, not its target');
    expect(filesIn(target)).toEqual(['secret']);
  });

  test('in place of a folder is not followed', async () => {
    const store = await openFileStore(join(root, 'led-away'));
    symlinkSync(target, join(root, 'led-away', 'ab'));
    for (const attempt of [store.put('ab/new', []), store.get('ab/secret'), store.delete('ab/secret')]) {
      await expect(attempt).rejects.toThrow(VaultPathRefused);
    }
    const listing = (async () => {
      for await (const _ of store.list('ab/')) throw new Error('listed');
    })();
    await expect(listing).rejects.toThrow(VaultPathRefused);
    expect(filesIn(target)).toEqual(['secret']);
  });

  test('in place of the folder of unfinished files is not followed', async () => {
    const store = await openFileStore(join(root, 'unfinished'));
    rmSync(join(root, 'unfinished', '.unfinished'), { recursive: true });
    symlinkSync(target, join(root, 'unfinished', '.unfinished'));
    await expect(store.put('object', [])).rejects.toThrow(VaultPathRefused);
    await expect(store.discardUnfinished()).rejects.toThrow(VaultPathRefused);
    expect(filesIn(target)).toEqual(['secret']);
  });

  test('on the way to the vault itself is the operator’s own choice', async () => {
    symlinkSync(target, join(root, 'mounted'));
    const vault = await vaultIn(join(root, 'mounted'));
    const sealed = await vault.sealRecord([plaintext(10)], facts);
    expect((await readBack(vault, anchorOf(sealed))).equals(plaintext(10))).toBe(true);
  });
});
