import { canonicalJson, digest, instantAt } from '@chartkey/vocabulary';
import { ask, type Case, codeOf } from './asking.ts';
import { newId, newKeys } from './consortium.ts';
import { newWorld, temporaryFolder, type World } from './world.ts';

const root = temporaryFolder();
let world: World;
beforeEach(async () => {
  world = await newWorld(root);
});
afterEach(() => world.room.close());

/** Invariant 17: state altered in a peer, or by a colluding majority. State itself always says "granted". */
const alterations: Case[] = [
  {
    title: 'a grant that nobody signed',
    code: 'LEDGER_DISAGREES',
    alter: (_, { releasable }) => {
      releasable.entry.grant = 'G'.repeat(42).concat('A');
    },
  },
  {
    title: 'an enrolment that nobody signed, with another recorder',
    code: 'LEDGER_DISAGREES',
    alter: (it, { releasable }) => {
      const [header = '', body = '', signature = ''] = it.patient.statement.split('.');
      const payload = JSON.parse(Buffer.from(body, 'base64url').toString());
      const forged = canonicalJson({ ...payload, recorder: 'LakesideMSP' });
      const signed = `${header}.${Buffer.from(forged).toString('base64url')}`;
      const id = digest(signed);
      it.ledger.accept({ id, statement: `${signed}.${signature}` });
      releasable.entry.grant = id;
    },
  },
  {
    title: 'an entry without a basis',
    code: 'LEDGER_DISAGREES',
    alter: (_, { releasable }) => {
      delete releasable.entry.grant;
    },
  },
  {
    title: 'an entry that claims the custodian’s own right',
    code: 'LEDGER_DISAGREES',
    alter: (_, { releasable }) => {
      delete releasable.entry.grant;
      releasable.entry.basis = 'custodian';
    },
  },
  {
    title: 'a grant for another organisation',
    code: 'LEDGER_DISAGREES',
    alter: (it, { releasable }) => {
      const other = it.consortium.grant(it.patient.patient, it.patient.sig, { organisation: 'InsurerMSP' });
      it.ledger.accept(other);
      releasable.entry.grant = other.id;
    },
  },
  {
    title: 'a grant for another record',
    code: 'LEDGER_DISAGREES',
    alter: (it, { releasable }) => {
      const scope = { records: [newId()] };
      const other = it.consortium.grant(
        it.patient.patient,
        it.patient.sig,
        { organisation: 'LakesideMSP' },
        { scope },
      );
      it.ledger.accept(other);
      releasable.entry.grant = other.id;
    },
  },
  {
    title: 'a grant that had ended',
    code: 'LEDGER_DISAGREES',
    alter: (it, { releasable }) => {
      const more = { notAfter: instantAt(it.clock.now - 60_000) };
      const other = it.consortium.grant(
        it.patient.patient,
        it.patient.sig,
        { organisation: 'LakesideMSP' },
        more,
      );
      it.ledger.accept(other);
      releasable.entry.grant = other.id;
    },
  },
  {
    title: 'a purpose that was not granted',
    code: 'LEDGER_DISAGREES',
    alter: (_, { releasable }) => {
      releasable.entry.purpose = 'HRESCH';
    },
  },
  {
    title: 'a grant by a key that is not the patient’s',
    code: 'LEDGER_DISAGREES',
    alter: (it, { releasable }) => {
      const forged = it.consortium.grant(it.patient.patient, newKeys(), { organisation: 'LakesideMSP' });
      it.ledger.accept(forged);
      releasable.entry.grant = forged.id;
    },
  },
  {
    title: 'the patient’s key swapped for another patient’s',
    code: 'LEDGER_DISAGREES',
    alter: (it, { releasable }) => {
      const other = it.consortium.patient();
      const forged = it.consortium.grant(it.patient.patient, other.sig, { organisation: 'LakesideMSP' });
      it.ledger.accept(other, forged);
      it.ledger.chains.set(it.patient.patient, [other.id]);
      releasable.entry.grant = forged.id;
    },
  },
  {
    title: 'another statement stored in the place of a grant',
    code: 'LEDGER_DISAGREES',
    alter: (it) => {
      const other = it.consortium.grant(it.patient.patient, it.patient.sig, { organisation: 'InsurerMSP' });
      it.ledger.statements.set(it.grant.id, other.statement);
    },
  },
  {
    title: 'a grant statement that is no statement',
    code: 'LEDGER_DISAGREES',
    alter: (it) => void it.ledger.statements.set(it.grant.id, 'no statement'),
  },
  {
    title: 'the device rewritten to one of another organisation',
    code: 'LEDGER_DISAGREES',
    alter: (it, { releasable }) => {
      releasable.approval = it.devices.insurer.id;
    },
  },
  {
    title: 'the device rewritten to one that its master key never approved',
    code: 'LEDGER_DISAGREES',
    alter: (it, { releasable }) => {
      const forged = it.consortium.device('LakesideMSP', 'workstation', { by: newKeys() });
      it.ledger.approve(forged);
      releasable.entry.device = forged.device;
      releasable.approval = forged.id;
    },
  },
  {
    title: 'a device whose approval had ended before the access',
    code: 'LEDGER_DISAGREES',
    alter: (it, { releasable }) => {
      const desk = it.consortium.device('LakesideMSP', 'workstation', {
        validUntil: instantAt(it.clock.now - 1000),
      });
      it.ledger.approve(desk);
      releasable.entry.device = desk.device;
      releasable.approval = desk.id;
    },
  },
  {
    title: 'a revoked grant put back',
    code: 'LEDGER_DISAGREES',
    alter: (it) => {
      it.revoked.add(`${it.patient.patient} ${it.grant.id}`);
      const grantee = { organisation: 'LakesideMSP' };
      it.ledger.grants = [
        { grant: it.grant.id, grantee, scope: 'all', actions: ['read'], purposes: ['TREAT'], uses: 0 },
      ];
    },
  },
  {
    title: 'a revoked device put back',
    code: 'LEDGER_DISAGREES',
    alter: (it) => void it.revoked.add(`LakesideMSP ${it.devices.lakesideDesk.device}`),
  },
  {
    title: 'the custodian of a record that lies here changed',
    code: 'LEDGER_DISAGREES',
    alter: (_, { releasable }) => {
      releasable.custodian = 'LakesideMSP';
    },
  },
  {
    title: 'an entry stored under another access’s id',
    code: 'LEDGER_DISAGREES',
    alter: (it, { releasable }) => {
      releasable.entry.access = it.newAccess().access;
    },
  },
  {
    title: 'a commitment that is not the vault’s',
    code: 'INTEGRITY_BROKEN',
    alter: (_, { releasable }) => {
      releasable.commitment = 'A'.repeat(43);
    },
  },
  {
    title: 'a record under another patient’s name',
    code: 'INTEGRITY_BROKEN',
    alter: (it, { releasable }) => {
      const other = it.consortium.patient();
      const grant = it.consortium.grant(other.patient, other.sig, { organisation: 'LakesideMSP' });
      it.ledger.accept(grant);
      it.ledger.enrol(other);
      Object.assign(releasable.entry, { patient: other.patient, grant: grant.id });
    },
  },
];

test.each(alterations)('$title opens nothing and raises an alarm', async ({ code, alter }) => {
  const access = world.newAccess();
  alter(world, access);
  expect(await codeOf(ask(world, access.access))).toBe(code);
  expect(world.alarms).toMatchObject([{ code, about: { access: access.access } }]);
  expect(await codeOf(ask(world, access.access))).not.toBe('ALREADY_RELEASED');
});

test('a device whose state names another’s approval proves nothing and raises an alarm', async () => {
  const forged = world.consortium.device('LakesideMSP', 'gateway', { by: newKeys() });
  world.ledger.approve(forged);
  Object.assign(world.ledger.devices.get(forged.device) ?? {}, { statement: world.devices.lakeside.id });
  expect(await codeOf(ask(world, world.newAccess().access, forged))).toBe('LEDGER_DISAGREES');
  expect(world.alarms).toHaveLength(1);
});
