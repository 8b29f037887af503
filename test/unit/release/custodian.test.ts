import { Failure, instantAt } from '@chartkey/vocabulary';
import { openReleaseRoom } from '../../../gateway/src/release/index.ts';
import { unwrapDataKey } from '../../../gateway/src/release/key-wrapping.ts';
import { ask, type Case, codeOf } from './asking.ts';
import { gatewayDeviceOf } from './consortium.ts';
import { newWorld, temporaryFolder, type World } from './world.ts';

const root = temporaryFolder();
let world: World;
beforeEach(async () => {
  world = await newWorld(root);
});
afterEach(() => world.room.close());

test('a granted access gets header, leaves and a key that opens the record', async () => {
  const { access } = world.newAccess();
  const answer = await ask(world, access);
  const { record } = world;
  const { enc, encId } = gatewayDeviceOf(world.devices.lakeside);
  const key = unwrapDataKey(answer.key, enc, encId, { access, record, version: 1 });
  const anchor = { record, version: 1, patient: world.patient.patient, commitment: world.sealed.commitment };
  const opened = await world.vault.openVersion(anchor);
  expect(key.equals(opened.dataKey)).toBe(true);
  expect(answer).toMatchObject({ header: world.sealed.header });
  expect(world.alarms).toEqual([]);
});

test('the entry’s own device gets the key too, each recipient once', async () => {
  const { access } = world.newAccess();
  await ask(world, access, world.devices.lakesideDesk);
  await ask(world, access, world.devices.lakeside);
  expect(await codeOf(ask(world, access))).toBe('ALREADY_RELEASED');
  expect(await codeOf(ask(world, access, world.devices.lakesideDesk))).toBe('ALREADY_RELEASED');
});

test('of many that ask at once one gets the key', async () => {
  const { access } = world.newAccess();
  const codes = await Promise.all(Array.from({ length: 20 }, () => codeOf(ask(world, access))));
  expect(codes.filter((code) => code.startsWith('no failure'))).toHaveLength(1);
  expect(codes.filter((code) => code === 'ALREADY_RELEASED')).toHaveLength(19);
});

test('after a restart an access is not released again', async () => {
  const { access } = world.newAccess();
  await ask(world, access);
  await world.room.close();
  world.room = await openReleaseRoom(world.parts);
  expect(await codeOf(ask(world, access))).toBe('ALREADY_RELEASED');
});

test('no vault is opened before the revocation set has followed to the entry’s block', async () => {
  const opening = jest.spyOn(world.parts.vault, 'openVersion');
  const late = await openReleaseRoom({ ...world.parts, follower: { reached: async () => false } });
  const { access } = world.newAccess();
  expect(await codeOf(ask(world, access, world.devices.lakeside, late))).toBe('BUSY');
  expect(opening).not.toHaveBeenCalled();
  expect(await codeOf(ask(world, access))).toMatch('no failure');
  expect(opening).toHaveBeenCalledTimes(1);
  opening.mockRestore();
});

test('an organisation has at most 32 requests waiting; another one is not held up', async () => {
  let release = () => {};
  const gate = new Promise<boolean>((resolve) => {
    release = () => resolve(true);
  });
  const slow = await openReleaseRoom({ ...world.parts, follower: { reached: () => gate } });
  const accesses = Array.from({ length: 40 }, () => world.newAccess().access);
  const codes = accesses.map((access) => codeOf(ask(world, access, world.devices.lakeside, slow)));
  const stranger = codeOf(ask(world, world.newAccess().access, world.devices.insurer, slow));
  const refused = await Promise.race(codes);
  expect(refused).toBe('BUSY');
  release();
  const all = await Promise.all(codes);
  expect(all.filter((code) => code === 'BUSY')).toHaveLength(8);
  expect(await stranger).toBe('RELEASE_REFUSED');
  await slow.close();
});

const refusals: Case[] = [
  {
    title: 'an access in no transaction',
    code: 'BUSY',
    alter: (it, { transaction }) => it.ledger.commits.delete(transaction),
  },
  {
    title: 'an access in an invalid transaction',
    code: 'ACCESS_UNKNOWN',
    alter: (it, { transaction }) => it.ledger.commits.set(transaction, { block: 7, valid: false }),
  },
  {
    title: 'an access that no entry tells of',
    code: 'ACCESS_UNKNOWN',
    alter: (it, { access }) => it.ledger.releasable.delete(access),
  },
  {
    title: 'a denied access',
    code: 'NO_GRANT',
    alter: (_, { releasable }) => Object.assign(releasable.entry, { decision: 'denied', code: 'NO_GRANT' }),
  },
  {
    title: 'a list',
    code: 'RELEASE_REFUSED',
    alter: (_, { releasable }) => {
      delete releasable.entry.record;
    },
  },
  {
    title: 'an access whose grant the ledger no longer sees',
    code: 'GRANT_EXPIRED',
    alter: (_, { releasable }) => {
      releasable.now = { is: 'denied', code: 'GRANT_EXPIRED' };
    },
  },
  {
    title: 'an access older than 30 s',
    code: 'ACCESS_TOO_OLD',
    alter: (it, { releasable }) => {
      releasable.entry.time = instantAt(it.clock.now - 30_001);
    },
  },
  {
    title: 'an access more than 30 s ahead',
    code: 'RELEASE_REFUSED',
    alter: (it, { releasable }) => {
      releasable.entry.time = instantAt(it.clock.now + 30_001);
    },
  },
  {
    title: 'an access whose session has ended',
    code: 'SESSION_EXPIRED',
    alter: (it, { releasable }) => {
      releasable.sessionUntil = instantAt(it.clock.now - 1);
    },
  },
  {
    title: 'another device of the same organisation',
    code: 'RELEASE_REFUSED',
    by: (it) => it.devices.otherDesk,
    alter: () => {},
  },
  {
    title: 'another organisation’s gateway',
    code: 'RELEASE_REFUSED',
    by: (it) => it.devices.insurer,
    alter: () => {},
  },
  {
    title: 'the custodian’s own workstation',
    code: 'RELEASE_REFUSED',
    by: (it) => it.devices.riversideDesk,
    alter: () => {},
  },
  {
    title: 'a grant that was revoked after the access',
    code: 'NO_GRANT',
    alter: (it) => void it.revoked.add(`${it.patient.patient} ${it.grant.id}`),
  },
  {
    title: 'a device that was revoked after the access',
    code: 'DEVICE_REVOKED',
    alter: (it) => {
      const { device } = it.devices.lakesideDesk;
      it.revoked.add(`LakesideMSP ${device}`);
      Object.assign(it.ledger.devices.get(device) ?? {}, { status: 'revoked' });
    },
  },
  {
    title: 'a gateway that was revoked',
    code: 'RELEASE_PROOF_INVALID',
    alter: (it) => void it.revoked.add(`LakesideMSP ${it.devices.lakeside.device}`),
  },
  {
    title: 'a record that another custodian holds',
    code: 'NOT_CUSTODIAN',
    alter: (_, { releasable }) =>
      Object.assign(releasable, { custodian: 'LakesideMSP', commitment: 'A'.repeat(43) }),
  },
  {
    title: 'a device whose approval ended after the access',
    code: 'DEVICE_EXPIRED',
    alter: (it, { releasable }) => {
      const desk = it.consortium.device('LakesideMSP', 'workstation', {
        validUntil: instantAt(it.clock.now + 1000),
      });
      it.ledger.approve(desk);
      Object.assign(releasable.entry, { device: desk.device });
      releasable.approval = desk.id;
      it.clock.now += 2000;
    },
  },
];

test.each(refusals)('$title gets no key: $code, without an alarm', async ({ code, by, alter }) => {
  const access = world.newAccess();
  alter(world, access);
  expect(await codeOf(ask(world, access.access, by?.(world)))).toBe(code);
  expect(world.alarms).toEqual([]);
});

test('a ledger that cannot be reached is no disagreement', async () => {
  const { access } = world.newAccess();
  world.ledger.evaluate = () => Promise.reject(new Failure('LEDGER_UNAVAILABLE'));
  expect(await codeOf(ask(world, access))).toBe('LEDGER_UNAVAILABLE');
  expect(world.alarms).toEqual([]);
});
