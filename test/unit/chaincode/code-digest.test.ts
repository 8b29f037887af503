import { cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { codeDigest } from '@chartkey/chaincode/code-digest';
import { ownFolder } from '../../support/consortium.ts';

const { folder, remove } = ownFolder();
afterAll(remove);

const files: Record<string, string> = {
  'app/package.json': '{"name":"app","version":"1.0.0","dependencies":{"left":"^1.0.0","@scope/right":"2"}}',
  'app/index.js': 'require("left")',
  'app/README.md': 'words',
  'node_modules/left/package.json': '{"name":"left","version":"1.2.0","dependencies":{"app":"1"}}',
  'node_modules/left/lib/index.js': 'exports.left = 1',
  'node_modules/left/node_modules/inner/index.js': 'nobody depends on this one',
  'node_modules/@scope/right/package.json': '{"name":"@scope/right","version":"2.0.0"}',
  'node_modules/@scope/right/data.json': '{"a":1}',
  'node_modules/app/package.json': '{"name":"app","version":"1.0.0"}',
  'node_modules/other/package.json': '{"name":"other","version":"1.0.0"}',
};

function tree(name: string, changed: Record<string, string> = {}): string {
  for (const [path, text] of Object.entries({ ...files, ...changed })) {
    const at = join(folder, name, path);
    mkdirSync(dirname(at), { recursive: true });
    writeFileSync(at, text);
  }
  return join(folder, name, 'app');
}

const standing = codeDigest(tree('standing'));

test('is 64 hexadecimal digits, the same wherever the code lies', () => {
  expect(standing).toMatch(/^[0-9a-f]{64}$/);
  expect(codeDigest(tree('elsewhere/deeper'))).toBe(standing);
});

test('is the same when a package lies inside the one that asks for it', () => {
  const app = tree('nested');
  cpSync(join(folder, 'nested/node_modules/left'), join(app, 'node_modules/left'), { recursive: true });
  rmSync(join(folder, 'nested/node_modules/left'), { recursive: true });
  expect(codeDigest(app)).toBe(standing);
});

test.each([
  ['own code', { 'app/index.js': 'require("left") ' }],
  ['a package’s code', { 'node_modules/left/lib/index.js': 'exports.left = 2' }],
  ['a package’s data', { 'node_modules/@scope/right/data.json': '{"a":2}' }],
  ['one more file', { 'node_modules/left/lib/more.cjs': '' }],
  [
    'a package’s version',
    { 'node_modules/left/package.json': '{"name":"left","version":"1.2.1","dependencies":{"app":"1"}}' },
  ],
  [
    'which file a package runs',
    {
      'node_modules/@scope/right/package.json':
        '{"name":"@scope/right","version":"2.0.0","main":"data.json"}',
    },
  ],
])('changes with %s', (what, changed) => {
  expect(codeDigest(tree(what, changed))).not.toBe(standing);
});

test.each([
  ['prose', { 'app/README.md': 'other words' }],
  [
    'a note that npm left in a manifest',
    { 'node_modules/@scope/right/package.json': '{"name":"@scope/right","version":"2.0.0","_id":"x"}' },
  ],
  ['a package that nothing stands on', { 'node_modules/other/index.js': 'x' }],
])('does not change with %s', (what, changed) => {
  expect(codeDigest(tree(what, changed))).toBe(standing);
});

test('names a package that is not installed, and who asks for it', () => {
  const app = tree('missing');
  rmSync(join(folder, 'missing/node_modules/@scope'), { recursive: true });
  expect(() => codeDigest(app)).toThrow('app@1.0.0 stands on @scope/right, not installed');
});
