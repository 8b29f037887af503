import { readdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { issueCertificate, makeAuthority } from '../../network/certificates.ts';
import { findPrograms } from '../../network/fabric/programs.ts';
import { FabricSteps } from '../../network/fabric/steps.ts';
import { connectTo } from '../../network/ledger-access.ts';
import { freePortBase, ownFolder } from '../support/consortium.ts';
import { Authority, hasFabricCa } from './authority.ts';

/*
 * The steps of network/fabric, one by one, against Fabric's own programs: `npm run test:fabric` runs this.
 * Each test goes on where the one before it stopped.
 */

const { folder, remove } = ownFolder();
let portBase: number;
let network: FabricSteps;

const stepsAt = async (base: number) =>
  new FabricSteps({ dataDir: folder, portBase: base, gatewayEnv: {} }, await findPrograms());
/** The one line with which a step stops. */
async function refusal(step: Promise<string>): Promise<string> {
  const said = await step.then(
    () => 'it worked',
    (error: Error) => error.message,
  );
  expect(said).not.toContain('\n');
  return said;
}
const at = (...names: string[]) => join(folder, 'fabric', ...names);
const keeperOf = (label: string) => Number(readFileSync(at('run', `${label}.pid`), 'utf8'));

beforeAll(async () => {
  portBase = await freePortBase();
  network = await stepsAt(portBase);
});
afterAll(async () => {
  await network.down([]);
  remove();
});

test('steps before their turn say where to begin, and leave nothing behind', async () => {
  for (const step of [
    network.status(),
    network.createChannel(),
    network.deployChaincode(),
    network.genesis(),
  ]) {
    expect(await refusal(step)).toContain('begin with npm run fabric -- up');
  }
  expect(readdirSync(folder)).toEqual([]);
});

test('a port in use stops the start, and nothing runs', async () => {
  const server = createServer().listen(portBase + 202, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  expect(await refusal(network.up([]))).toMatch(new RegExp(`^Port ${portBase + 202} is in use\\.`));
  await new Promise((resolve) => server.close(resolve));
  expect(await network.status()).toContain('Riverside Hospital: orderer down, peer down, chaincode down');
});

test('nodes start over a half-finished run, once, and say how far they are', async () => {
  renameSync(at('crypto'), at('crypto.unfinished'));
  renameSync(at('records.block'), at('records.block.unfinished'));
  expect(await network.up([])).toContain(': up.');
  const keepers = ['riverside', 'lakeside', 'hilltop', 'regulator'].map(keeperOf);
  expect(await network.up([])).toContain(': up.');
  expect(['riverside', 'lakeside', 'hilltop', 'regulator'].map(keeperOf)).toEqual(keepers);
  expect(await network.status()).toContain(
    'Hilltop Hospital: orderer in no channel, peer in no channel, chaincode up',
  );
  await expect(stepsAt(portBase + 1)).rejects.toThrow(`made with PORT_BASE ${portBase}`);
});

test('channel, chaincode and consortium come to be once, however often they are asked for', async () => {
  expect(await network.createChannel()).toBe(await network.createChannel());
  const deployed = await network.deployChaincode();
  expect(deployed).toMatch(/^records: sequence 1, version [0-9a-f]{64}\./);
  expect(await network.deployChaincode()).toBe(deployed);
  expect(await network.genesis()).toBe(await network.genesis());
  const status = await network.status();
  expect(status).toMatch(/Riverside Hospital: orderer \d+, peer \d+, chaincode up/);
  expect(status).toContain(
    'runs: riverside as approved, lakeside as approved, hilltop as approved, regulator as approved',
  );
});

test('a gateway’s identity lies where a gateway looks for it', async () => {
  expect(await network.enrol(['insurer'], {})).toContain('LEDGER_PEER_ORGANISATION=RegulatorMSP');
  const identity = join(folder, 'organisations', 'InsurerMSP', 'identity', 'client.crt');
  expect(readFileSync(identity, 'utf8')).toContain('BEGIN CERTIFICATE');
});

/** Fabric CA’s programs come apart from Fabric’s; without them there is nothing here to count. */
if (hasFabricCa) {
  test('a gateway’s identity comes from a Fabric CA where there is one, and the network takes it', async () => {
    const organisation = at('crypto', 'peerOrganizations', 'lakeside.example');
    const authority = await Authority.start(organisation, join(folder, 'ca'), portBase + 260);
    try {
      const enrol = (label: string, url: string) => {
        const file = join(folder, 'ca-url');
        writeFileSync(file, `${url}\n`, { mode: 0o600 });
        const ca = { FABRIC_CA_URL_FILE: file, FABRIC_CA_ROOTS: authority.roots };
        return network.enrol([label], { ...process.env, ...ca });
      };
      const url = authority.register('client', 'gateway');
      const settings = new Map(
        (await enrol('lakeside', url)).split('\n').map((line) => line.split('=') as [string, string]),
      );
      const ledger = connectTo(
        {
          endpoint: settings.get('LEDGER_ENDPOINT')!,
          tlsRoot: settings.get('LEDGER_TLS_ROOT')!,
          serverName: settings.get('LEDGER_SERVER_NAME')!,
          peerOrganisation: settings.get('LEDGER_PEER_ORGANISATION')!,
          certificate: settings.get('IDENTITY_CERTIFICATE')!,
          privateKey: settings.get('IDENTITY_KEY')!,
        },
        'LakesideMSP',
      );
      const found = await ledger.evaluate('network:network').finally(() => ledger.close());
      expect(found).toMatchObject({ network: expect.stringMatching(/^demo-/) });
      expect(await refusal(enrol('riverside', url))).toContain('This CA is not the one of riverside.example');
      expect(await refusal(enrol('lakeside', authority.register('peer', 'peer9')))).toContain(
        '--id.type client',
      );
    } finally {
      authority.stop();
    }
  });
}

test('a peer that is down is named while its member would approve; its data are backed up and restored', async () => {
  const file = join(folder, 'lakeside.tar.gz');
  expect(await refusal(network.backup(['lakeside', file]))).toContain(
    'stop them first (npm run fabric -- down lakeside)',
  );
  await network.down(['lakeside']);
  const server = createServer().listen(portBase + 212, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  for (const step of [network.down(['lakeside']), network.backup(['lakeside', file])]) {
    expect(await refusal(step)).toContain('up did not start them');
  }
  await new Promise((resolve) => server.close(resolve));
  expect(await refusal(network.deployChaincode())).toMatch(
    /^Lakeside Hospital’s peer does not listen at .*: start it \(npm run fabric -- up lakeside\)/,
  );
  await network.backup(['lakeside', file]);
  expect(await refusal(network.backup(['lakeside', file]))).toContain('is not written over');
  expect(await refusal(network.restore(['lakeside', file]))).toContain('move');
  renameSync(at('data', 'peer-lakeside'), at('data', 'old'));
  writeFileSync(join(folder, 'other.tar.gz'), 'no archive');
  expect(await refusal(network.restore(['lakeside', join(folder, 'other.tar.gz')]))).toContain(
    'is no backup of',
  );
  await network.restore(['lakeside', file]);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  await network.up(['lakeside']);
  expect(await network.status()).toMatch(/Lakeside Hospital: orderer \d+, peer \d+, chaincode up/);
  expect(await network.deployChaincode()).toContain('sequence 1');
});

test('nodes whose keeper was killed start again', async () => {
  process.kill(keeperOf('hilltop'), 'SIGKILL');
  while (!(await network.status()).includes('Hilltop Hospital: orderer down, peer down, chaincode down'));
  await network.up([]);
  expect(await network.status()).toMatch(/Hilltop Hospital: orderer \d+, peer \d+, chaincode up/);
});

test('an orderer that hangs is started anew by the watch, and catches up', async () => {
  const pid = Number(readFileSync(at('run', 'hilltop.pid'), 'utf8'));
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').map(Number);
  const isOrderer = (child: number) => readFileSync(`/proc/${child}/cmdline`, 'utf8').includes('orderer');
  const orderer = children.find(isOrderer)!;
  process.kill(orderer, 'SIGSTOP');
  const stopped = new AbortController();
  const lines: string[] = [];
  const watching = network.watch((line) => {
    if (lines.push(line) === 2) stopped.abort();
  }, stopped.signal);
  expect(await watching).toBe('Watching no more.');
  expect(lines[1]).toContain('Hilltop Hospital’s orderer hung');
  expect(await network.status()).toMatch(/Hilltop Hospital: orderer \d+, peer \d+, chaincode up/);
});

test('an expired certificate stops the start, by its name', async () => {
  await network.down(['regulator']);
  const authority = await makeAuthority('chaincode.regulator', 'Expired');
  const expired = await issueCertificate(authority, {
    commonName: 'localhost',
    organisation: 'Expired',
    hosts: ['localhost'],
    notBefore: new Date(Date.now() - 9 * 86_400_000),
    notAfter: new Date(Date.now() - 2.5 * 86_400_000),
  });
  const files = [at('chaincode', 'regulator', 'server.crt'), at('chaincode', 'regulator', 'server.key')];
  const kept = files.map((file) => readFileSync(file));
  const write = (contents: readonly (string | Buffer)[]) => {
    for (const [position, file] of files.entries()) writeFileSync(file, contents[position]!);
  };
  write([expired.certificate, expired.privateKey]);
  expect(await refusal(network.up([]))).toMatch(/^Expired 3 days ago: .*server\.crt\. /);
  write(kept);
  await network.up([]);
});
