import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findPrograms } from '../../../network/fabric/programs.ts';
import { ownFolder } from '../../support/consortium.ts';

const { folder, remove } = ownFolder();
afterAll(remove);

const NAMES = ['orderer', 'peer', 'osnadmin', 'configtxgen', 'cryptogen'];

/** A folder that looks like an unpacked release, whose `peer` says that it is of some version. */
function release(name: string, version: string, without: string[] = []): NodeJS.ProcessEnv {
  const programs = [...NAMES.map((one) => `bin/${one}`), 'builders/ccaas/bin/detect'].concat(
    ['build', 'release'].map((one) => `builders/ccaas/bin/${one}`),
  );
  for (const program of programs.filter((one) => !without.includes(one))) {
    const path = join(folder, name, program);
    mkdirSync(join(path, '..'), { recursive: true });
    writeFileSync(path, `#!/bin/sh\nprintf 'peer:\\n Version: ${version}\\n Go version: go1.25\\n'\n`);
    chmodSync(path, 0o755);
  }
  return { PATH: join(folder, name, 'bin') };
}

test('a release of Fabric 3 is found whole, and its version with it', async () => {
  const found = await findPrograms(release('good', 'v3.1.5'));
  expect(found.version).toBe('3.1.5');
  expect(found.path.osnadmin).toBe(join(folder, 'good', 'bin', 'osnadmin'));
  expect(found.ccaasBuilder).toBe(join(folder, 'good', 'builders', 'ccaas'));
});

test.each([
  [
    'nothing at all',
    { PATH: join('/nowhere') },
    /^Not on the PATH: orderer, peer, osnadmin, configtxgen, cryptogen\. They come with/,
  ],
  [
    'one program missing',
    release('one', 'v3.1.5', ['bin/osnadmin']),
    /^Not on the PATH: osnadmin\. They come with/,
  ],
  [
    'no builder',
    release('builder', 'v3.1.5', ['builders/ccaas/bin/release']),
    /^The chaincode-as-a-service builder \(detect, build, release\) is missing\./,
  ],
  ['Fabric 2.5', release('old', 'v2.5.12'), /^Fabric 3 is needed for SmartBFT; this peer is 2\.5\./],
  [
    'a peer that says nothing of itself',
    release('mute', 'unknown'),
    /^Fabric 3 is needed for SmartBFT; this peer is \?\.\?\./,
  ],
])('%s stops with one line that says where they come from', async (_what, env, line) => {
  const refused = await findPrograms(env).then(String, (error: Error) => error.message);
  expect(refused).toMatch(line);
  expect(refused).toContain('https://github.com/hyperledger/fabric/releases');
  expect(refused).not.toContain('\n');
});
