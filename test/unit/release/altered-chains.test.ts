import { type PractitionerKey, thumbprint } from '@chartkey/vocabulary';
import { ask, codeOf } from './asking.ts';
import { idOf, type KeyPair, newId, newKeys, seconds, signed } from './consortium.ts';
import { newWorld, temporaryFolder, type World } from './world.ts';

const root = temporaryFolder();
let world: World;
beforeEach(async () => {
  world = await newWorld(root);
});
afterEach(() => world.room.close());

type Person = Pick<World['patient'], 'patient' | 'sig'>;

/** What a person said, by this key: a link of its chain, and in our own blocks. */
function said(payload: object, person: Person = world.patient, by: KeyPair = person.sig): string {
  const { consortium, ledger, restrictions } = world;
  const statement = consortium.statement(by, { iss: person.patient, ...payload });
  const id = idOf(statement);
  ledger.accept({ id, statement });
  ledger.chains.get(person.patient)?.push(id);
  restrictions.set(person.patient, [...(restrictions.get(person.patient) ?? []), id]);
  return id;
}

function addsKey(person: Person = world.patient): KeyPair {
  const [sig, enc] = [newKeys(), newKeys()];
  const exp = seconds(world.clock.now) + 3600;
  const about = { network: world.consortium.network, owner: person.patient, exp };
  const header = { alg: 'ES256', typ: 'chartkey-key+jwt' };
  const key = signed(header, { ...about, sig: sig.key, enc: enc.key }, sig.secret);
  said({ act: 'addKey', seq: 2, key }, person);
  return sig;
}

/** An access that state granted, on this grant, after all links that it tells of. */
function access(grant?: string): string {
  const made = world.newAccess(world.devices.lakesideDesk, grant === undefined ? {} : { grant });
  made.releasable.links = world.ledger.chains.get(world.patient.patient)?.length ?? 0;
  return made.access;
}

async function expectAlarm(asked: string): Promise<void> {
  expect(await codeOf(ask(world, asked))).toBe('LEDGER_DISAGREES');
  expect(world.alarms).toMatchObject([{ code: 'LEDGER_DISAGREES', about: { access: asked } }]);
}

/** Frozen, free again, and frozen once more: by two keys. */
function frozenTwice(): string[] {
  const other = addsKey();
  const before = seconds(Date.now()) - 10;
  said({ act: 'freeze', iat: before, exp: before + 600 });
  said({ act: 'unfreeze', seq: 3 }, world.patient, other);
  said({ act: 'freeze' });
  return world.ledger.chains.get(world.patient.patient) ?? [];
}

test('a chain told in another order, so that a freeze seems to have ended, opens nothing', async () => {
  const [enrolment = '', added = '', first = '', unfreeze = '', second = ''] = frozenTwice();
  world.ledger.chains.set(world.patient.patient, [enrolment, added, first, second, unfreeze]);
  await expectAlarm(access());
});

test('a chain with a statement in it that our own blocks do not hold there opens nothing', async () => {
  const [enrolment = '', added = '', first = '', unfreeze = '', second = ''] = frozenTwice();
  const { patient } = world.patient;
  world.restrictions.set(patient, [added, first, second]);
  world.ledger.chains.set(patient, [enrolment, added, first, unfreeze, second]);
  await expectAlarm(access());
});

test('a chain that is ahead of our own blocks is believed as far as it verifies', async () => {
  addsKey();
  world.restrictions.clear();
  expect(await ask(world, access())).toHaveProperty('key');
  expect(world.alarms).toEqual([]);
});

describe('a key that a freeze suspects', () => {
  function duringFreeze(by: 'suspect' | 'other'): string {
    const other = addsKey();
    const { consortium, ledger, patient } = world;
    said({ act: 'freeze', suspect: thumbprint(patient.sig.key) }, patient, other);
    const keys = by === 'suspect' ? patient.sig : other;
    const grant = consortium.grant(patient.patient, keys, { organisation: 'LakesideMSP' });
    ledger.accept(grant);
    ledger.linksAt.set(grant.id, 3);
    said({ act: 'unfreeze', seq: 4 }, patient, other);
    return grant.id;
  }

  test.each(['suspect', 'other'] as const)(
    'stood when a grant was signed by the %s one: state alone says that it was accepted, and nothing opens',
    async (by) => expectAlarm(access(duringFreeze(by))),
  );

  test('stood when a grant was passed on: nothing opens', async () => {
    const { consortium, ledger, patient } = world;
    const river = { organisation: 'RiversideMSP' };
    const original = consortium.grant(patient.patient, patient.sig, river, { passOn: true });
    ledger.accept(original);
    const other = addsKey();
    said({ act: 'freeze' }, patient, other);
    const passed = passedOn(original.id);
    ledger.linksAt.set(passed, 3);
    said({ act: 'unfreeze', seq: 4 });
    await expectAlarm(access(passed));
  });

  test('is gone: what was passed on afterwards opens', async () => {
    const { consortium, ledger, patient } = world;
    const river = { organisation: 'RiversideMSP' };
    const original = consortium.grant(patient.patient, patient.sig, river, { passOn: true });
    ledger.accept(original);
    expect(await ask(world, access(passedOn(original.id)))).toHaveProperty('key');
  });
});

/** By a physician of Riverside, to Lakeside. */
function passedOn(grant: string): string {
  const { consortium, ledger, patient, clock } = world;
  const [pair, practitioner, organisation] = [newKeys(), newId(), 'RiversideMSP'];
  const exp = seconds(clock.now) + 3600;
  const about = { network: consortium.network, owner: organisation, sig: pair.key, exp };
  const key = signed({ alg: 'ES256', typ: 'chartkey-key+jwt' }, about, pair.secret);
  const validUntil = new Date(clock.now + 3_600_000).toISOString();
  const words = { practitioner, role: 'physician', validUntil } as const;
  const master = consortium.masters.get(organisation) as KeyPair;
  const registering = { act: 'registerPractitioner', iss: organisation, seq: 1, key, ...words };
  const statement = consortium.statement(master, registering);
  ledger.accept({ id: idOf(statement), statement });
  const id = thumbprint(pair.key);
  const state = { key: id, organisation, sig: pair.key, statement: idOf(statement), ...words };
  const registered: PractitionerKey = { ...state, registeredAt: validUntil, status: 'registered' };
  ledger.practitioners.set(id, registered);
  const passing = { act: 'passOn', iss: id, seq: 1, patient: patient.patient, grant, to: 'LakesideMSP' };
  const passed = consortium.statement(pair, passing);
  ledger.accept({ id: idOf(passed), statement: passed });
  return idOf(passed);
}
