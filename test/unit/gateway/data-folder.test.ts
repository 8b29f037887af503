import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConfigError } from '../../../gateway/src/config.ts';
import { claimFolder, takeDataFolder } from '../../../gateway/src/data-folder.ts';

let root = '';
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'chartkey-folder-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const take = (network = 'demo-n') => takeDataFolder(root, 'AMSP', network);

test('one process holds a folder at a time', () => {
  const first = take();
  expect(() => take()).toThrow(/^DATA_DIR: .* in use by another gateway/);
  expect(() => takeDataFolder(root, 'BMSP', 'demo-n').release()).not.toThrow();
  first.release();
  take().release();
});

test('a folder belongs to one network for ever', () => {
  take().release();
  expect(() => take('demo-other')).toThrow(/^DATA_DIR: .* belongs to the network demo-n/);
  take().release();
});

test('vault keys of a demo serve no other network', () => {
  claimFolder('VAULT_KEY_DIR', join(root, 'keys'), 'demo-n');
  claimFolder('VAULT_KEY_DIR', join(root, 'keys'), 'demo-n');
  expect(() => claimFolder('VAULT_KEY_DIR', join(root, 'keys'), 'n')).toThrow(/^VAULT_KEY_DIR: .* demo-n/);
});

test('the retry secret outlives restarts and is its owner’s alone', () => {
  const first = take();
  first.release();
  const second = take();
  expect(Buffer.from(second.retrySecret).equals(first.retrySecret)).toBe(true);
  expect(statSync(second.of('retry.key')).mode & 0o777).toBe(0o600);
  second.release();
});

test('a crash while the folder was made does no harm', () => {
  take().release();
  writeFileSync(join(root, 'organisations', 'AMSP', 'retry.key.new'), 'half');
  rmSync(join(root, 'organisations', 'AMSP', 'retry.key'));
  expect(take().retrySecret).toHaveLength(32);
});

test('a folder that cannot be made is one line', () => {
  writeFileSync(join(root, 'organisations'), 'a file in the way');
  expect(() => take()).toThrow(ConfigError);
  expect(() => take()).toThrow(/^DATA_DIR: .* cannot be written/);
});
