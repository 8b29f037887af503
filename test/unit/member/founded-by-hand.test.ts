import { execFile } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Failure } from '@chartkey/vocabulary';
import { issueCertificate, makeAuthority } from '../../../network/certificates.ts';
import { DEMO_CONSORTIUM, demoPorts } from '../../../network/consortium.ts';
import { EmbeddedUnderneath } from '../../../network/demo/embedded-underneath.ts';
import { type RunningProcess, startProcess, stopProcess } from '../../../network/demo/processes.ts';
import { ledgerSettings } from '../../../network/ledger-access.ts';
import { asMember } from '../../../network/member/steps.ts';
import { freePortBase, ownFolder } from '../../support/consortium.ts';

/*
 * A consortium as operators found one, without the demo's founding: every key, signature and approval by
 * `npm run member`, every gateway behind TLS with its roots pinned, vault keys outside the data folder.
 */

const { folder, remove } = ownFolder();
const at = (...names: string[]) => join(folder, ...names);
/** What lies in the folder goes by its name. */
const isFile = (word: string) => /\.[a-z]+$/.test(word);
const done = (words: string[], env: Record<string, string> = {}) =>
  asMember(
    words.map((word) => (isFile(word) ? at(word) : word)),
    env,
  );
const running: RunningProcess[] = [];
const run = (order: Parameters<typeof startProcess>[0]) => {
  const one = startProcess(order, at('logs'));
  running.push(one);
  return one.ready;
};
const members = DEMO_CONSORTIUM.members.filter(({ gateway }) => gateway);
let underneath: EmbeddedUnderneath;
let urls: Map<string, string>;

async function makeTls(): Promise<string> {
  const authority = await makeAuthority('tls', 'Synthetic');
  const { certificate, privateKey } = await issueCertificate(authority, {
    commonName: 'localhost',
    organisation: 'Synthetic',
    hosts: ['localhost', '127.0.0.1'],
  });
  for (const [name, text] of Object.entries({
    'roots.pem': authority.certificate,
    'tls.crt': certificate,
    'tls.key': privateKey,
  })) {
    writeFileSync(at(name), text, { mode: 0o600 });
  }
  return new X509Certificate(authority.certificate).raw.toString('base64');
}

async function ceremony(root: string): Promise<void> {
  const organisations = [];
  for (const [position, { id, name, kind }] of DEMO_CONSORTIUM.members.entries()) {
    const url = urls.get(id) ?? `https://127.0.0.1:${1024 + position}`;
    const masterKey = JSON.parse(await done(['master-key', `${id}.key`]));
    organisations.push({
      id,
      name,
      kind,
      url,
      tokenUrl: `${url}/v1/oauth/token`,
      masterKey,
      tlsRoots: [root],
    });
  }
  writeFileSync(
    at('members.json'),
    JSON.stringify({ demo: true, ledger: 'embedded', channel: DEMO_CONSORTIUM.channel, organisations }),
  );
  await done(['draft', 'members.json', 'genesis.json']);
  const signatures = organisations.map(({ id }) => `${id}.signature`);
  for (const { id } of organisations) await done(['sign', 'genesis.json', `${id}.key`, `${id}.signature`]);
  await done(['combine', 'genesis.json', 'signed.json', ...signatures]);
}

function startGateway(organisation: string): Promise<void> {
  const keys = at('vault-keys', organisation);
  mkdirSync(keys, { recursive: true, mode: 0o700 });
  return run({
    name: organisation,
    program: 'node',
    arguments: [join(__dirname, '../../../gateway/dist/main.js')],
    env: {
      ...ledgerSettings(organisation, underneath.access(organisation)),
      DATA_DIR: at('data', organisation),
      GENESIS_FILE: at('signed.json'),
      GATEWAY_DEVICE: at(`${organisation}.device`),
      VAULT_KEY_DIR: keys,
      TLS_CERTIFICATE: at('tls.crt'),
      TLS_KEY: at('tls.key'),
    },
    isReady: (line) => line.includes('"ready":true'),
  });
}

beforeAll(async () => {
  const portBase = await freePortBase();
  urls = new Map([...demoPorts(portBase).gateways].map(([id, port]) => [id, `https://localhost:${port}`]));
  underneath = new EmbeddedUnderneath(at('ledger'), portBase);
  await underneath.start({ begin: () => undefined, run });
  await ceremony(await makeTls());
});

afterAll(async () => {
  for (const one of running.reverse()) await stopProcess(one);
  remove();
});

const roles = ['physician', 'nurse', 'privacy-officer'];

/** Makes a practitioner's key and has it registered, as a member does by hand. */
async function practise(id: string, role: string) {
  const file = `${id}-${role}.key`;
  const key = await done(['practitioner-key', file]);
  const order = ['register-practitioner', 'signed.json', `${id}.key`, file, 'new', role, '2099-12-31'];
  const said = await done(order, ledgerSettings(id, underneath.access(id)));
  const named = new RegExp(`^Registered: ${key}, ${role} ([a-z2-7]{26}) of ${id}$`).exec(said);
  return { key: JSON.parse(readFileSync(at(file), 'utf8')), practitioner: named?.[1] ?? said, role };
}

test('a consortium founded by hand tells the main job from end to end, over TLS', async () => {
  const settings = (id: string) => ledgerSettings(id, underneath.access(id));
  const registered = await done(['register', 'signed.json'], settings('LakesideMSP'));
  expect(registered).toMatch(/^Registered: demo-/);
  expect(await done(['register', 'signed.json'], settings('RiversideMSP'))).toMatch(
    /^Registered already: demo-/,
  );
  for (const { id } of members) {
    for (const use of ['device', 'ehr']) await done(['device-keys', `${id}.${use}`]);
    const approve = (keys: string, use: string) =>
      done(['approve-device', 'signed.json', `${id}.key`, keys, use], settings(id));
    expect(await approve(`${id}.device`, 'gateway')).toMatch(/^Approved: /);
    expect(await approve(`${id}.ehr`, 'ehr')).toMatch(/^Approved: /);
    expect(await approve(`${id}.ehr`, 'ehr')).toMatch(/^Approved already: /);
    await expect(approve(`${id}.ehr`, 'gateway')).rejects.toThrow(`approved already, as ehr of ${id}`);
  }
  const practitioners = new Map<string, { key: unknown; practitioner: string; role: string }[]>();
  for (const { id } of members.filter(({ kind }) => kind === 'hospital')) {
    const own = [];
    for (const role of roles) own.push(await practise(id, role));
    practitioners.set(id, own);
  }
  await Promise.all(members.map(({ id }) => startGateway(id)));
  const read = (name: string) => JSON.parse(readFileSync(at(name), 'utf8'));
  const organisations = members.map(({ id, name, kind }) => ({
    ...{ id, name, kind, url: urls.get(id), tokenUrl: `${urls.get(id)}/v1/oauth/token` },
    ehr: read(`${id}.ehr`),
    practitioners: practitioners.get(id) ?? [],
  }));
  mkdirSync(at('story', 'demo'), { recursive: true });
  const network = registered.replace('Registered: ', '');
  writeFileSync(
    at('story', 'demo', 'credentials.json'),
    JSON.stringify({ network, channel: DEMO_CONSORTIUM.channel, organisations }),
  );
  const tell = join(__dirname, '../../../network/dist/demo/tell.js');
  const { stdout } = await promisify(execFile)(process.execPath, [tell], {
    env: { PATH: process.env['PATH'], DATA_DIR: at('story'), NODE_EXTRA_CA_CERTS: at('roots.pem') },
  });
  expect(stdout).toContain(`Network ${network}.`);
  expect(stdout).not.toContain('starting one for this story');
  expect(stdout).toContain('5. The patient takes the permission back.');
});

test('a device that is revoked by hand may not come back', async () => {
  const id = 'RiversideMSP';
  const settings = ledgerSettings(id, underneath.access(id));
  const { device } = JSON.parse(readFileSync(at(`${id}.ehr`), 'utf8'));
  await done(['revoke-device', 'signed.json', `${id}.key`, device], settings);
  const again = () => done(['approve-device', 'signed.json', `${id}.key`, `${id}.ehr`, 'ehr'], settings);
  await expect(again()).rejects.toThrow(new Failure('DEVICE_REVOKED'));
});

test('a practitioner’s key is registered by hand, and one that is revoked may not come back', async () => {
  const id = 'RiversideMSP';
  const settings = ledgerSettings(id, underneath.access(id));
  const key = await done(['practitioner-key', 'physician.key']);
  const register = (name: string, role = 'physician', until = '2099-12-31') =>
    done(['register-practitioner', 'signed.json', `${id}.key`, 'physician.key', name, role, until], settings);
  const said = await register('new');
  const [, practitioner = ''] = new RegExp(`^Registered: ${key}, physician ([a-z2-7]{26}) of ${id}$`).exec(
    said,
  )!;
  expect(await register(practitioner)).toMatch(/^Registered already: /);
  await expect(register('new')).rejects.toThrow(`registered already, for a physician of ${id}`);
  await expect(register(practitioner, 'surgeon')).rejects.toThrow('surgeon is no role: physician, nurse');
  await expect(register('Jane')).rejects.toThrow('Jane is no pseudonym of a practitioner: give new.');
  await expect(register('new', 'nurse', '2099-13-01')).rejects.toThrow('2099-13-01 is no day');
  expect(await done(['revoke-practitioner', 'signed.json', `${id}.key`, key], settings)).toBe(
    `Revoked: ${key} of ${id}`,
  );
  await expect(register(practitioner)).rejects.toThrow(new Failure('PRACTITIONER_REVOKED'));
});
