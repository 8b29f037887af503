import { chmodSync, mkdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { NotInVault, refuseVaultKeyInside, VaultKeyRefused } from '../../../gateway/src/vault/index.ts';
import {
  anchorOf,
  facts,
  filesIn,
  patient,
  plaintext,
  readBack,
  temporaryFolder,
  vaultIn,
} from './sample.ts';

const root = temporaryFolder();
const content = plaintext(1000);
const fresh = (name: string) => join(root, name);
const patientKeyOf = (own: string) => JSON.parse(readFileSync(join(own, 'patient-keys', patient), 'utf8'));

test('uploads of one patient at one time share the one key that was made', async () => {
  const own = fresh('concurrent');
  const [vault, twin] = [await vaultIn(own), await vaultIn(own)];
  const uploads = Array.from({ length: 12 }, (_, at) =>
    (at % 2 ? vault : twin).sealRecord([content], { ...facts, version: at + 1 }),
  );
  for (const sealed of await Promise.all(uploads)) {
    expect((await readBack(vault, anchorOf(sealed))).equals(content)).toBe(true);
  }
  expect(filesIn(join(own, 'patient-keys'))).toEqual([patient]);
});

test('two uploads of one version at one time stay whole, each under its own commitment', async () => {
  const vault = await vaultIn(fresh('same-version'));
  const contents = [plaintext(200_000), plaintext(100_000)];
  const both = await Promise.all(contents.map((bytes) => vault.sealRecord([bytes], facts)));
  for (const [at, sealed] of both.entries()) {
    expect((await readBack(vault, anchorOf(sealed))).equals(contents[at] ?? content)).toBe(true);
  }
});

test('after a rotation everything reads, and a patient’s key is wrapped anew at its next use', async () => {
  const own = fresh('rotated');
  const vault = await vaultIn(own);
  const anchor = anchorOf(await vault.sealRecord([content], facts));
  expect(patientKeyOf(own).epoch).toBe(1);
  expect(await vault.rotateVaultKey()).toBe(2);
  expect(patientKeyOf(own).epoch).toBe(1);
  expect((await readBack(vault, anchor)).equals(content)).toBe(true);
  expect(patientKeyOf(own).epoch).toBe(2);
  rmSync(join(own, 'keys', 'vault-1.key'));
  expect((await readBack(await vaultIn(own), anchor)).equals(content)).toBe(true);
});

test('a forgotten patient’s versions are unreadable, also with the payloads restored; others stay', async () => {
  const own = fresh('forgotten');
  const vault = await vaultIn(own);
  const anchor = anchorOf(await vault.sealRecord([content], facts));
  const neighbour = { ...facts, record: 'b'.repeat(26), patient: `${'q'.repeat(42)}A` };
  const kept = anchorOf(await vault.sealRecord([content], neighbour));
  await vault.rotateVaultKey();
  const reads = Promise.allSettled([vault.openVersion(anchor), vault.openVersion(anchor)]);
  expect(await vault.forgetPatient(patient)).toBe(true);
  await reads;
  expect(await vault.forgetPatient(patient)).toBe(false);
  expect(filesIn(join(own, 'patient-keys'))).toEqual([neighbour.patient]);
  await expect(vault.openVersion(anchor)).rejects.toThrow(NotInVault);
  await vault.sealRecord([content], { ...facts, version: 2 });
  await expect(vault.openVersion(anchor)).rejects.toThrow('a wrapped key');
  expect((await readBack(vault, kept)).equals(content)).toBe(true);
});

test('keys are for their owner alone', async () => {
  const own = fresh('modes');
  await (await vaultIn(own)).sealRecord([content], facts);
  for (const file of filesIn(own)) expect(statSync(join(own, file)).mode & 0o077).toBe(0);
});

describe('a vault key', () => {
  const spoiled = async (name: string, spoil: (file: string) => void) => {
    const own = fresh(name);
    await (await vaultIn(own)).sealRecord([content], facts);
    spoil(join(own, 'keys', 'vault-1.key'));
    return vaultIn(own);
  };

  test('that others may read is refused', async () => {
    await expect(spoiled('open', (file) => chmodSync(file, 0o640))).rejects.toThrow('chmod 600');
  });

  test('that is a symbolic link is refused', async () => {
    const elsewhere = join(root, 'elsewhere.key');
    const link = (file: string) => {
      writeFileSync(elsewhere, readFileSync(file), { mode: 0o600 });
      rmSync(file);
      symlinkSync(elsewhere, file);
    };
    await expect(spoiled('linked', link)).rejects.toThrow(VaultKeyRefused);
  });

  test.each(['', 'A'.repeat(43), `${'A'.repeat(42)}B\n`, `${'A'.repeat(44)}\n`])(
    'of %j is refused',
    async (text) => {
      const write = (file: string) => writeFileSync(file, text);
      await expect(spoiled(`text-${text.length}`, write)).rejects.toThrow('holds no vault key');
    },
  );

  test('that is lost is not silently replaced by a new one', async () => {
    await expect(spoiled('lost', (file) => rmSync(file))).rejects.toThrow('restore the vault key folder');
  });

  test('of a later epoch that is lost names the file to restore', async () => {
    const own = fresh('lost-epoch');
    const vault = await vaultIn(own);
    await vault.rotateVaultKey();
    const anchor = anchorOf(await vault.sealRecord([content], facts));
    rmSync(join(own, 'keys', 'vault-2.key'));
    await expect((await vaultIn(own)).openVersion(anchor)).rejects.toThrow('restore vault-2.key');
  });

  test('inside the data folder is refused, also by way of a link or before it exists', async () => {
    const data = fresh('data');
    mkdirSync(join(data, 'keys'), { recursive: true });
    mkdirSync(fresh('data-keys'));
    symlinkSync(join(data, 'keys'), fresh('way-in'));
    for (const path of [
      data,
      join(data, 'keys'),
      join(data, 'not', 'yet'),
      fresh('way-in'),
      `${data}/../data/x`,
    ]) {
      await expect(refuseVaultKeyInside(data, path)).rejects.toThrow(VaultKeyRefused);
    }
    for (const path of [fresh('data-keys'), fresh('nowhere'), root, join(data, '..keys', '..', '..', 'x')]) {
      await expect(refuseVaultKeyInside(data, path)).resolves.toBeUndefined();
    }
  });
});
