import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DCLinter } from 'dclint';
import { readConfig } from '../../../gateway/src/config.ts';
import { settings } from '../../../gateway/src/settings.ts';
import { DEMO_CONSORTIUM } from '../../../network/consortium.ts';
import { composeFile, prometheusConfig } from '../../../network/containers/compose.ts';
import { gatewayUrl } from '../../../network/containers/places.ts';
import { mountOf, readCompose } from '../../containers/compose.ts';
import { readDockerfile, settingsOf } from '../../containers/dockerfile.ts';

const root = join(__dirname, '..', '..', '..');
const path = join(root, 'docker-compose.yaml');
const { services, volumes, networks } = readCompose(path);
const { stages, args } = readDockerfile(join(root, 'Dockerfile'));
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const all = Object.entries(services);
const gateways = DEMO_CONSORTIUM.members.filter(({ gateway }) => gateway);

/** The part that we use of what the linter says; its own types do not resolve. */
interface Linted {
  messages: { rule: string; message: string }[];
}

/** What the compose specification’s schema says against a file, and nothing of style. */
function breaches(file: string): string[] {
  const linter = new DCLinter({ rules: {}, quiet: false, debug: false, exclude: [] });
  const linted = linter.lintFiles([file], false) as Linted[];
  const messages = linted.flatMap((one) => one.messages);
  return messages.filter(({ rule }) => /^invalid-/.test(rule)).map(({ message }) => message);
}

test('docker-compose.yaml is what the compose specification’s schema asks for', () => {
  expect(breaches(path)).toEqual([]);
});

test('a misspelt word in it would be found', () => {
  const folder = mkdtempSync(join(tmpdir(), 'chartkey-compose-'));
  const spoilt = join(folder, 'docker-compose.yaml');
  writeFileSync(spoilt, readFileSync(path, 'utf8').replace('cap_drop:', 'cap_drops:'));
  expect(breaches(spoilt)).not.toEqual([]);
  rmSync(folder, { recursive: true });
});

test('every name that a service refers to is there', () => {
  for (const [, service] of all) {
    for (const volume of service.volumes) {
      const { source } = mountOf(volume);
      expect(source.startsWith('.') ? existsSync(join(root, source)) : source in volumes).toBe(true);
    }
    for (const network of Object.keys(service.networks ?? {})) expect(networks).toHaveProperty(network);
    for (const other of Object.keys(service.depends_on ?? {})) expect(services).toHaveProperty(other);
  }
});

test('whom others wait for has a health check, its own or its image’s, or ends', () => {
  for (const { depends_on = {} } of Object.values(services)) {
    for (const [other, { condition }] of Object.entries(depends_on)) {
      const { healthcheck, build, restart } = services[other]!;
      const check = healthcheck ?? (build && settingsOf(stages, build.target).healthcheck);
      if (condition === 'service_healthy') expect([other, check]).toEqual([other, expect.anything()]);
      else expect([other, restart]).toEqual([other, 'no']);
    }
  }
});

test.each(all)(
  '%s has no privileges, no password among its settings, and writes to its volumes only',
  (name, service) => {
    expect(service).toMatchObject({
      read_only: true,
      cap_drop: ['ALL'],
      security_opt: ['no-new-privileges:true'],
      tmpfs: expect.arrayContaining(['/tmp']),
    });
    for (const word of ['privileged', 'pid', 'ipc', 'devices', 'group_add', 'env_file']) {
      expect(service).not.toHaveProperty(word);
    }
    expect(
      Object.keys(service.environment ?? {}).filter((one) => /PASSWORD$|SECRET|_KEY_ID/.test(one)),
    ).toEqual([]);
    expect(service.volumes.filter((one) => one.startsWith('/'))).toEqual([]);
    const alone = name === 'folders';
    expect([service.user, service.cap_add]).toEqual(alone ? ['0:0', ['CHOWN']] : ['1000:1000', undefined]);
    if (alone) expect(service.network_mode).toBe('none');
  },
);

test('only this machine’s loopback reaches a port from outside', () => {
  const published = all.flatMap(([, { ports = [] }]) => ports);
  expect(published.filter((one) => !one.startsWith('127.0.0.1:'))).toEqual([]);
  expect(published).toHaveLength(gateways.length + 1);
  expect(networks['storage']?.internal).toBe(true);
});

test('images are pinned to a version, and Fabric’s nodes and tools to the same', () => {
  for (const [, { image }] of all) expect(image).toMatch(/^[a-z/-]+:v?[0-9]+\.[0-9]+(\.[0-9]+)?(-[a-z]+)?$/);
  for (const [, { image, build }] of all.filter(([, one]) => one.build)) {
    expect(image).toBe(`chartkey-${build?.target}:${manifest.version}`);
    expect(stages.map(({ name }) => name)).toContain(build?.target);
  }
  const fabric = all.flatMap(
    ([, { image }]) => /^hyperledger\/fabric-(?:peer|orderer):(.*)$/.exec(image)?.[1] ?? [],
  );
  expect(new Set(fabric)).toEqual(new Set([args.get('FABRIC')]));
  expect(args.get('NODE')).toBe(manifest.optionalDependencies.node);
});

test.each(gateways)('the gateway of $name starts with its settings, at its registered place', (member) => {
  const { environment, networks: own } = services[`gateway-${member.label}`]!;
  const image = settingsOf(stages, 'gateway').environment;
  const { NODE_EXTRA_CA_CERTS, ...given } = environment!;
  expect(Object.keys(given).filter((name) => !(name in settings))).toEqual([]);
  const config = readConfig({ ...image, ...given });
  expect(config.ORGANISATION).toBe(member.id);
  expect(gatewayUrl(member)).toBe(`https://${own?.['consortium']?.ipv4_address}:${config.PORT}`);
  expect(NODE_EXTRA_CA_CERTS).toMatch(/^\/consortium\//);
  expect(services).toHaveProperty(config.LEDGER_ENDPOINT.split(':')[0]!);
});

test('no address is given twice, and none of what the engine gives out itself', () => {
  const given = all.flatMap(([, one]) => one.networks?.['consortium']?.ipv4_address ?? []);
  expect(new Set(given).size).toBe(gateways.length);
  const [{ ip_range } = { ip_range: '' }] = networks['consortium']?.ipam?.config ?? [];
  expect(ip_range).toMatch(/\.128\/25$/);
  expect(given.map((one) => Number(one.split('.')[3])).filter((last) => last >= 128)).toEqual([]);
});

test('Prometheus asks the gateways that are there', () => {
  const [{ static_configs } = { static_configs: [] }] = (
    prometheusConfig(DEMO_CONSORTIUM) as { scrape_configs: { static_configs: { targets: string[] }[] }[] }
  ).scrape_configs;
  const hosts = static_configs.flatMap(({ targets }) => targets.map((one) => one.split(':')[0]!));
  expect(hosts.filter((host) => !(host in services))).toEqual([]);
  expect(hosts).toHaveLength(gateways.length);
});

test('a fifth care member is one entry of the consortium', () => {
  const id = 'ValleyMSP';
  const valley = { id, name: 'Valley Hospital', kind: 'hospital', label: 'valley', gateway: true } as const;
  const five = { ...DEMO_CONSORTIUM, members: [...DEMO_CONSORTIUM.members, valley] };
  const made = composeFile(five) as { services: typeof services; volumes: object };
  const added = ['orderer', 'peer', 'chaincode', 'ca', 'gateway', 'store'].map((kind) => `${kind}-valley`);
  expect(Object.keys(made.services)).toEqual(expect.arrayContaining([...Object.keys(services), ...added]));
  expect(Object.keys(made.services)).toHaveLength(all.length + added.length);
  expect(made.services['network']?.depends_on).toHaveProperty('orderer-valley');
});
