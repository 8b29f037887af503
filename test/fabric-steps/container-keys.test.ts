import { X509Certificate } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readConfig } from '../../gateway/src/config.ts';
import { readDevice, readLedgerOptions, readPinned } from '../../gateway/src/pinned.ts';
import { placeOf } from '../../gateway/src/place.ts';
import { Destinations } from '../../gateway/src/release/destinations.ts';
import { DEMO_CONSORTIUM } from '../../network/consortium.ts';
import { makeKeys } from '../../network/containers/keys.ts';
import { HOME } from '../../network/containers/places.ts';
import { findPrograms, type Programs } from '../../network/fabric/programs.ts';
import { mountOf, readCompose } from '../containers/compose.ts';
import { readDockerfile, settingsOf } from '../containers/dockerfile.ts';

/* The files of the containers' setup, made by Fabric's programs. */

const root = join(__dirname, '..', '..');
const { services } = readCompose(join(root, 'docker-compose.yaml'));
const { stages } = readDockerfile(join(root, 'Dockerfile'));
const gateways = DEMO_CONSORTIUM.members.filter(({ gateway }) => gateway);
const work = mkdtempSync(join(tmpdir(), 'chartkey-keys-'));
const [home, volumes] = [join(work, 'home'), join(work, 'volumes')];
let programs: Programs;
beforeAll(async () => {
  programs = await findPrograms();
  await makeKeys({ home, volumes }, programs);
});
afterAll(() => rmSync(work, { recursive: true, force: true }));

/** A path of a service's container, in the folder that its volume is here. */
function here(name: string, path: string): string {
  const mounts = services[name]!.volumes.map(mountOf);
  const { source, target } = mounts.find((one) => path.startsWith(`${one.target}/`))!;
  return join(volumes, source, path.slice(target.length));
}

/** A gateway's settings with its container's paths where its files lie here. */
function configOf(label: string) {
  const name = `gateway-${label}`;
  const given = { ...settingsOf(stages, 'gateway').environment, ...services[name]!.environment };
  const moved = Object.entries(given).map(([variable, value]) => {
    return [variable, value.startsWith(`${HOME}/`) ? here(name, value) : value];
  });
  return readConfig(Object.fromEntries(moved) as Record<string, string>);
}

function filesBelow(folder: string): string[] {
  const paths = readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((path) => join(folder, path));
  return paths.filter((path) => statSync(path).isFile());
}

test.each(gateways)('the gateway of $name finds its keys, its network and its peer', ({ id, label }) => {
  const config = configOf(label);
  const pinned = readPinned(config);
  expect(pinned.organisation.id).toBe(id);
  expect(readDevice(config).device).toMatch(/^[A-Za-z0-9_-]{43}$/);
  expect(readLedgerOptions(config, readPinned(config).signed.genesis).mspId).toBe(id);
  const { host, tls } = placeOf(config, pinned);
  const { address = '' } = /^https:\/\/(?<address>[0-9.]+):/.exec(pinned.organisation.url)?.groups ?? {};
  expect(host).toBe('0.0.0.0');
  expect(new X509Certificate(tls!.cert).checkIP(address)).toBe(address);
  expect(new X509Certificate(tls!.cert).checkIP('127.0.0.1')).toBe('127.0.0.1');
});

test('the network is no demo, and its gateways may call each other over TLS with pinned roots only', () => {
  const { signed, network } = readPinned(configOf('riverside'));
  expect(network).not.toMatch(/^demo-/);
  const destinations = new Destinations(signed.genesis);
  for (const { id } of gateways) {
    expect(destinations.of(id)).toMatchObject({ secure: true, roots: [expect.any(String)] });
  }
});

test('a private key lies in one service’s volume alone, and only its owner may read it', () => {
  const holders = new Map<string, string[]>();
  for (const path of filesBelow(volumes)) {
    expect([path, statSync(path).mode & 0o077]).toEqual([path, 0]);
    const text = readFileSync(path, 'utf8');
    if (!text.includes('PRIVATE KEY')) continue;
    const volume = path.slice(volumes.length + 1).split('/')[0]!;
    holders.set(text, [...(holders.get(text) ?? []), volume]);
  }
  expect(holders.size).toBeGreaterThan(20);
  for (const [, found] of holders) expect(new Set(found).size).toBe(1);
});

test('nodes find what their settings name, and are known by the names they are called', () => {
  for (const [name, { environment }] of Object.entries(services)) {
    const folder = environment?.['FABRIC_CFG_PATH'];
    if (folder === undefined) continue;
    const leaf = name.startsWith('peer-') ? 'core.yaml' : 'orderer.yaml';
    const text = readFileSync(here(name, join(folder, leaf)), 'utf8');
    const named = [...text.matchAll(/"([^"]+\.(?:crt|key)|[^"]+\/msp)"/g)].map((match) => match[1]!);
    expect(named.length).toBeGreaterThan(3);
    const inVolume = named.map((path) => here(name, join(HOME, path.slice(home.length))));
    expect(inVolume.filter((path) => !existsSync(path))).toEqual([]);
    const server = inVolume.find((path) => path.endsWith('server.crt'))!;
    expect(new X509Certificate(readFileSync(server)).checkHost(name)).toBe(name);
  }
});

test('the chaincode’s image finds what its command names', () => {
  const { command } = settingsOf(stages, 'chaincode');
  const named = [...command.join(' ').matchAll(/\/consortium\/[a-z.-]+/g)].map(([path]) => path);
  expect(named).toHaveLength(4);
  for (const { label } of DEMO_CONSORTIUM.members.filter(({ kind }) => kind !== 'third-party')) {
    expect(named.filter((path) => !existsSync(here(`chaincode-${label}`, path)))).toEqual([]);
  }
});

test('a certificate authority signs for its organisation’s MSP, with the key that belongs to it', () => {
  for (const { label } of DEMO_CONSORTIUM.members) {
    const folder = join(volumes, `ca-${label}`);
    const config = JSON.parse(readFileSync(join(folder, 'fabric-ca-server-config.yaml'), 'utf8'));
    const certificate = new X509Certificate(readFileSync(here(`ca-${label}`, config.ca.certfile)));
    const msp = join(home, 'fabric', 'crypto', 'peerOrganizations', `${label}.example`, 'msp', 'cacerts');
    expect(readFileSync(join(msp, `ca.${label}.example-cert.pem`), 'utf8')).toBe(certificate.toString());
    expect(config.registry.identities[0].pass).toMatch(/^[0-9a-f]{64}$/);
    expect(existsSync(here(`ca-${label}`, config.tls.keyfile))).toBe(true);
  }
});

test('keys that are there stay when the setup runs again', async () => {
  const read = () => filesBelow(volumes).map((path) => [path, readFileSync(path, 'latin1')]);
  const before = read();
  await makeKeys({ home, volumes }, programs);
  expect(read()).toEqual(before);
});
