import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, existsSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Failure, thumbprint } from '@chartkey/vocabulary';
import { foundingFiles } from '../../../network/demo/founding.ts';
import { ledgerAccess, ledgerSettings } from '../../../network/ledger-access.ts';
import { makeKey, writeNew } from '../../../network/member/keys.ts';
import { asMember } from '../../../network/member/steps.ts';
import * as wire from '../../journeys/independent-client.ts';
import { ownFolder } from '../../support/consortium.ts';
import { type OwnConsortium, startOwnConsortium } from '../../support/own-consortium.ts';
import { RestDevice } from '../../support/rest-device.ts';
import type { RestPatient } from '../../support/rest-patient.ts';

/* What a member does by hand once its master key is another one than the genesis document names. */

const LAKE = 'LakesideMSP';
const { folder, remove } = ownFolder();
const at = (name: string) => join(folder, name);
const json = (name: string) => JSON.parse(readFileSync(at(name), 'utf8'));
let consortium: OwnConsortium;
let signed: string;
let env: Record<string, string>;
let record: string;
let patient: RestPatient;

beforeAll(async () => {
  consortium = await startOwnConsortium();
  const { dataDir, people } = consortium;
  signed = foundingFiles(dataDir).genesis;
  env = ledgerSettings(LAKE, ledgerAccess(dataDir, LAKE));
  writeNew(at('master.key'), people.lake.organisation.masterKey);
  patient = await people.patient();
  record = await people.record(patient, Buffer.from('a finding'));
  await patient.grant(LAKE);
});
afterAll(async () => {
  await consortium?.stop();
  remove();
});

/** A step with a master key in our folder, and what else it takes. */
const by = (key: string, step: string, ...words: string[]) =>
  asMember([step, signed, at(key), ...words], env);
const rotate = () => by('master.key', 'rotate-master-key');
/** The steps that a master key signs, but for its own rotation. */
const orders = (key: string): Record<string, () => Promise<string>> => ({
  'approve-device': () => by(key, 'approve-device', at('ehr.json'), 'ehr'),
  'renew-device': () => by(key, 'renew-device', json('ehr.json').device, '2099-12-31'),
  'register-practitioner': () =>
    by(key, 'register-practitioner', at('nurse.key'), 'new', 'nurse', '2099-12-31'),
  'revoke-practitioner': () => by(key, 'revoke-practitioner', thumbprint(json('nurse.key'))),
  'revoke-device': () => by(key, 'revoke-device', json('ehr.json').device),
});

async function reads(): Promise<string> {
  const { sig } = json('ehr.json');
  const device = new RestDevice(consortium.people.lake.organisation, wire.keyFrom(sig));
  const { status, code, bytes } = await device.read(record);
  return status === 200 ? String(bytes) : code;
}

test('a rotated master key does all that the old one did, and the old one nothing', async () => {
  await asMember(['device-keys', at('ehr.json')], env);
  await asMember(['practitioner-key', at('nurse.key')], env);
  copyFileSync(at('master.key'), at('old.key'));
  const said = await rotate();
  expect(said).toBe(`Rotated: ${thumbprint(json('master.key'))} of ${LAKE}`);
  expect(json('master.key')).not.toEqual(json('old.key'));
  expect(statSync(at('master.key')).mode & 0o777).toBe(0o600);
  expect(existsSync(at('master.key.next'))).toBe(false);
  for (const order of Object.values(orders('old.key'))) {
    await expect(order()).rejects.toThrow('This key is no member’s present master key');
  }
  await expect(by('old.key', 'rotate-master-key')).rejects.toThrow('no member’s present master key');
  expect(existsSync(at('old.key.next'))).toBe(false);
  const steps = orders('master.key');
  expect(await steps['approve-device']!()).toBe(`Approved: ${json('ehr.json').device} of ${LAKE}`);
  expect(await steps['approve-device']!()).toMatch(/^Approved already: /);
  expect(await reads()).toBe('a finding');
  expect(await steps['renew-device']!()).toMatch(/^Renewed: .*, until 2099-12-31$/);
  expect(await reads()).toBe('a finding');
  expect(await steps['register-practitioner']!()).toMatch(/^Registered: /);
  expect(await steps['revoke-practitioner']!()).toMatch(/^Revoked: /);
  expect(await steps['revoke-device']!()).toMatch(/^Revoked: /);
  await expect(reads()).rejects.toThrow('DEVICE_REVOKED');
  await expect(steps['approve-device']!()).rejects.toThrow(new Failure('DEVICE_REVOKED'));
});

test('a device’s approval ends when its master key said so', async () => {
  const keys = ['device-keys', at('short.json')];
  const device = await asMember(keys, env);
  await by('master.key', 'approve-device', at('short.json'), 'ehr');
  await by('master.key', 'renew-device', device, '2020-12-31');
  const short = new RestDevice(consortium.people.lake.organisation, wire.keyFrom(json('short.json').sig));
  await expect(short.read(record)).rejects.toThrow('DEVICE_EXPIRED');
  const never = by('master.key', 'renew-device', device, '2020-02-30');
  await expect(never).rejects.toThrow('2020-02-30 is no day, such as 2027-12-31.');
});

test('a rotation that broke off before the ledger had it goes on with the key that it had made', async () => {
  const made = makeKey();
  writeNew(at('master.key.next'), made);
  expect(await rotate()).toBe(`Rotated: ${thumbprint(made)} of ${LAKE}`);
  expect(json('master.key')).toEqual(made);
});

test('one that broke off when the ledger had it puts the new key in its place, and rotates no further', async () => {
  const before = readFileSync(at('master.key'));
  const said = await rotate();
  const rotated = json('master.key');
  renameSync(at('master.key'), at('master.key.next'));
  writeFileSync(at('master.key'), before);
  expect(await rotate()).toBe(said);
  expect(json('master.key')).toEqual(rotated);
  expect(existsSync(at('master.key.next'))).toBe(false);
});

test('a killed rotation leaves the key that the ledger has, and the same order finishes it', async () => {
  const main = join(__dirname, '../../../network/dist/member/main.js');
  for (const milliseconds of [0, 5, 20]) {
    const before = thumbprint(json('master.key'));
    const words = [main, 'rotate-master-key', signed, at('master.key')];
    const child = spawn(process.execPath, words, { env: { PATH: process.env['PATH'], ...env } });
    const ended = once(child, 'exit');
    while (!existsSync(at('master.key.next')) && child.exitCode === null) await pause(1);
    await pause(milliseconds);
    child.kill('SIGKILL');
    await ended;
    const key = thumbprint(json('master.key'));
    const next = existsSync(at('master.key.next')) && thumbprint(json('master.key.next'));
    expect(next ? key === before : key !== before).toBe(true);
    const finished = await rotate();
    if (next) expect(finished).toBe(`Rotated: ${next} of ${LAKE}`);
    await by('master.key', 'approve-device', at('short.json'), 'ehr');
  }
});

test('while the ledger is away no new key is made', async () => {
  await consortium.run.kill('ledger');
  const before = readFileSync(at('master.key'), 'utf8');
  await expect(rotate()).rejects.toMatchObject({ code: 'LEDGER_UNAVAILABLE' });
  expect(existsSync(at('master.key.next'))).toBe(false);
  expect(readFileSync(at('master.key'), 'utf8')).toBe(before);
});
