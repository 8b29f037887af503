import { spawnSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkGenesis } from '@chartkey/rules';
import { nodeSignatureChecks } from '@chartkey/rules/node';
import { makeAuthority } from '../../../network/certificates.ts';
import { asMember } from '../../../network/member/steps.ts';
import { ownFolder } from '../../support/consortium.ts';

const { folder, remove } = ownFolder();
afterAll(remove);
const back = process.cwd();
beforeAll(() => process.chdir(folder));
afterAll(() => process.chdir(back));
const done = (...words: string[]) => asMember(words, {});
const at = (name: string) => join(folder, name);
const json = (name: string) => JSON.parse(readFileSync(at(name), 'utf8'));
const write = (name: string, value: unknown) => writeFileSync(at(name), JSON.stringify(value));

let root: string;
let pair: { certificate: string; privateKey: string };
const organisation = async (id: string, kind: string, key: string) => ({
  id: `${id}MSP`,
  name: `${id} Hospital`,
  kind,
  url: `https://${id.toLowerCase()}.example`,
  tokenUrl: `https://${id.toLowerCase()}.example/v1/oauth/token`,
  masterKey: JSON.parse(await done('master-key', key)),
  tlsRoots: [root],
});

beforeAll(async () => {
  pair = await makeAuthority('roots', 'Synthetic');
  root = new X509Certificate(pair.certificate).raw.toString('base64');
  const organisations = [
    await organisation('North', 'hospital', 'north.key'),
    await organisation('South', 'regulator', 'south.key'),
  ];
  write('members.json', { demo: false, ledger: 'fabric', channel: 'records', organisations });
  await done('master-key', 'stranger.key');
  await done('draft', 'members.json', 'genesis.json');
  await done('sign', 'genesis.json', 'north.key', 'north.signature');
  await done('sign', 'genesis.json', 'south.key', 'south.signature');
  await done('draft', 'members.json', 'other.json');
  await done('sign', 'other.json', 'north.key', 'other.signature');
});

test('all members’ signatures make a genesis document that every gateway takes', async () => {
  const said = await done('combine', 'genesis.json', 'signed.json', 'north.signature', 'south.signature');
  const network = checkGenesis(json('signed.json'), nodeSignatureChecks);
  expect(said).toContain(`network ${network}`);
  expect(said).toContain('NorthMSP  North Hospital, hospital, https://north.example');
  expect(network).not.toMatch(/^demo-/);
});

test('keys are their owner’s alone, and what is printed is the public part', async () => {
  const printed = JSON.parse(await done('master-key', 'fresh.key'));
  expect(statSync(at('fresh.key')).mode & 0o777).toBe(0o600);
  expect(Object.keys(printed).sort()).toEqual(['crv', 'kty', 'x', 'y']);
  expect(json('fresh.key')).toMatchObject(printed);
  const device = await done('device-keys', 'device.json');
  expect(json('device.json')).toMatchObject({ device, sig: { kty: 'EC' }, enc: { kty: 'EC' } });
});

test('two drafts of the same members are two networks', async () => {
  const [first] = (await done('draft', 'members.json', 'a.json')).split('\n');
  const [second] = (await done('draft', 'members.json', 'b.json')).split('\n');
  expect(first).not.toBe(second);
});

test.each([
  ['an unknown step', ['found'], 'There is no found. See npm run member -- --help.'],
  ['too few words', ['sign', 'genesis.json'], 'sign takes GENESIS KEY SIGNATURE.'],
  ['too many words', ['master-key', 'x', 'y'], 'master-key takes KEY.'],
  ['a key that is there', ['master-key', 'north.key'], 'north.key is there already and is not written over.'],
  [
    'a file that is missing',
    ['draft', 'nothing', 'x'],
    'nothing cannot be read (ENOENT): it should hold what members agree on.',
  ],
  ['a draft that is none', ['draft', 'north.key', 'x'], /^north.key is not what members agree on: demo: /],
  [
    'a stranger’s key',
    ['sign', 'genesis.json', 'stranger.key', 'x'],
    'This key is no member’s master key in the genesis document.',
  ],
  [
    'a device’s keys as master key',
    ['sign', 'genesis.json', 'genesis.json', 'x'],
    /^genesis.json is not a master key: /,
  ],
  [
    'a member that has not signed',
    ['combine', 'genesis.json', 'x', 'north.signature'],
    'Not signed, or not this document, by SouthMSP.',
  ],
  [
    'a signature over another draft',
    ['combine', 'genesis.json', 'x', 'other.signature', 'south.signature'],
    'Not signed, or not this document, by NorthMSP.',
  ],
  [
    'a use that devices do not have',
    ['approve-device', 'signed.json', 'north.key', 'device.json', 'door'],
    'door is no use of a device: gateway, or ehr.',
  ],
  [
    'a ledger identity that is missing',
    ['register', 'signed.json'],
    /^IDENTITY_CERTIFICATE: .* cannot be read/,
  ],
] as [string, string[], string | RegExp][])('%s is refused with one line', async (_what, words, line) => {
  const refused = await asMember(words, { ORGANISATION: 'NorthMSP' }).catch((error: Error) => error.message);
  expect([refused]).toEqual([typeof line === 'string' ? line : expect.stringMatching(line)]);
  expect(refused).not.toContain('\n');
});

test('whose peer serves a gateway has to be a care member', async () => {
  const env = { ORGANISATION: 'NorthMSP', LEDGER_PEER_ORGANISATION: 'InsurerMSP' };
  await expect(asMember(['register', 'signed.json'], env)).rejects.toThrow(
    'LEDGER_PEER_ORGANISATION: InsurerMSP has no peer: give the care member whose peer LEDGER_ENDPOINT is',
  );
});

test('the chaincode’s digest and a peer’s package are the same whenever they are made', async () => {
  const digest = await done('code-digest');
  expect(digest).toMatch(/^[0-9a-f]{64}$/);
  expect(await done('code-digest')).toBe(digest);
  for (const name of ['root.pem', 'client.pem']) writeFileSync(at(name), pair.certificate);
  writeFileSync(at('client.key'), pair.privateKey);
  const make = (name: string) =>
    done('chaincode-package', 'chaincode.north.example:9999', 'root.pem', 'client.pem', 'client.key', name);
  const id = await make('first.tar.gz');
  expect(id).toMatch(/^records:[0-9a-f]{64}$/);
  expect(await make('second.tar.gz')).toBe(id);
  await expect(make('second.tar.gz')).rejects.toThrow('second.tar.gz is there already');
});

test.each([
  [
    'an address without a port',
    'chaincode.example',
    ['root.pem', 'client.pem', 'client.key'],
    'chaincode.example is no HOST:PORT.',
  ],
  [
    'a key as root',
    'c.example:1',
    ['client.key', 'client.pem', 'client.key'],
    'ROOT is no certificate of an authority, in PEM.',
  ],
  [
    'a pair that is none',
    'c.example:1',
    ['root.pem', 'client.key', 'client.pem'],
    'CERTIFICATE and CLIENT-KEY are no pair, in PEM.',
  ],
] as const)('a package for a peer is refused with %s', async (_what, address, files, line) => {
  await expect(done('chaincode-package', address, ...files, 'unfit.tar.gz')).rejects.toThrow(line);
});

test.each([
  [
    'a url without TLS',
    { url: 'http://north.example', tokenUrl: 'http://north.example/t' },
    'NorthMSP: url has to begin with https://.',
  ],
  [
    'a token url elsewhere',
    { tokenUrl: 'https://elsewhere.example/t' },
    'NorthMSP: tokenUrl has to lie below https://north.example/.',
  ],
  ['no roots', { tlsRoots: [] }, 'NorthMSP: tlsRoots are missing'],
  ['a root that is none', { tlsRoots: ['aGVsbG8='] }, 'NorthMSP: one of tlsRoots is no certificate'],
])('a network that could not work is not drafted: %s', async (_what, changed, line) => {
  const { organisations, ...rest } = json('members.json');
  const [first, ...others] = organisations;
  write('unfit.json', { ...rest, organisations: [{ ...first, ...changed }, ...others] });
  await expect(done('draft', 'unfit.json', 'never.json')).rejects.toThrow(line);
});

test('a stranger’s signature does not go under the document', async () => {
  write('strange.signature', { organisation: 'StrangerMSP', signature: json('north.signature').signature });
  const signatures = ['north.signature', 'south.signature', 'strange.signature'];
  await expect(done('combine', 'genesis.json', 'never.json', ...signatures)).rejects.toThrow(
    'Signed by who is no member: StrangerMSP.',
  );
});

test('the command prints what a step says, and one line when it fails', () => {
  const main = join(__dirname, '../../../network/dist/member/main.js');
  const run = (...words: string[]) => spawnSync(process.execPath, [main, ...words], { encoding: 'utf8' });
  expect(run('--help')).toMatchObject({ status: 0, stdout: expect.stringContaining('approve-device') });
  expect(run('sign')).toMatchObject({ status: 1, stdout: '', stderr: 'sign takes GENESIS KEY SIGNATURE.\n' });
});
