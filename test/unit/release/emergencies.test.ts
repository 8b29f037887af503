import { instantAt, type Opening, type PractitionerKey, type Role, thumbprint } from '@chartkey/vocabulary';
import { ask, codeOf } from './asking.ts';
import { idOf, type KeyPair, newId, newKeys, seconds, signed } from './consortium.ts';
import { newWorld, temporaryFolder, type World } from './world.ts';

const root = temporaryFolder();
const text = 'A'.repeat(43);
let world: World;
let physician: Registered;
beforeEach(async () => {
  world = await newWorld(root);
  physician = register();
});
afterEach(() => world.room.close());

interface Registered {
  pair: KeyPair;
  key: string;
  practitioner: string;
}

/** A practitioner of Lakeside, as the ledger's state tells it. */
function register(
  role: Role = 'physician',
  by = world.consortium.masters.get('LakesideMSP') as KeyPair,
): Registered {
  const { consortium, ledger, clock } = world;
  const [pair, practitioner, organisation] = [newKeys(), newId(), 'LakesideMSP'];
  const exp = seconds(clock.now) + 3600;
  const about = { network: consortium.network, owner: organisation, sig: pair.key, exp };
  const proof = signed({ alg: 'ES256', typ: 'chartkey-key+jwt' }, about, pair.secret);
  const validUntil = instantAt(clock.now + 3_600_000);
  const words = { practitioner, role, validUntil };
  const payload = { act: 'registerPractitioner', iss: organisation, seq: 1, key: proof, ...words };
  const statement = consortium.statement(by, payload);
  const key = thumbprint(pair.key);
  const state = { key, organisation, ...words, sig: pair.key, statement: idOf(statement) };
  ledger.accept({ id: idOf(statement), statement });
  const registered = { ...state, registeredAt: instantAt(clock.now), status: 'registered' } as const;
  ledger.practitioners.set(key, registered satisfies PractitionerKey);
  return { pair, key, practitioner };
}

function accepted(by: Registered, payload: object): string {
  const statement = world.consortium.statement(by.pair, { iss: by.key, seq: 1, ...payload });
  world.ledger.accept({ id: idOf(statement), statement });
  return idOf(statement);
}

/** An access for an emergency that state says was granted, and the opening behind it. */
function emergency(by: Registered, change: object = {}, second?: Registered) {
  const { devices, patient, clock } = world;
  const device = devices.lakesideDesk.device;
  const words = { patient: patient.patient, device, reason: 'unconscious', text, minutes: 60 };
  const id = accepted(by, { act: 'openBreakGlass', ...words, ...change });
  const statement = second && accepted(second, { act: 'secondBreakGlass', opening: id });
  const opening: Opening = {
    ...{ opening: id, patient: patient.patient, organisation: 'LakesideMSP', key: by.key, device },
    ...{ practitioner: by.practitioner, reason: 'unconscious', text, openedAt: instantAt(clock.now) },
    ...{ until: instantAt(clock.now + 3_600_000), reviewBy: instantAt(clock.now + 7 * 86_400_000) },
    ...(second && statement && { second: { statement, key: second.key, practitioner: second.practitioner } }),
  };
  const { practitioner } = by;
  const about = {
    purpose: 'ETREAT',
    basis: 'break-glass',
    ground: id,
    grant: undefined,
    practitioner,
  } as const;
  world.ledger.openings.set(id, opening);
  const made = world.newAccess(devices.lakesideDesk, about);
  Object.assign(made.releasable, { opening, now: { is: 'granted', basis: 'break-glass' } });
  return made;
}

/** The patient locks everything: a link of its chain. */
function lock(): void {
  const { consortium, ledger, patient } = world;
  const payload = { act: 'lockForEmergencies', iss: patient.patient, seq: 2, what: 'all' };
  const statement = consortium.statement(patient.sig, payload);
  ledger.accept({ id: idOf(statement), statement });
  ledger.chains.set(patient.patient, [patient.id, idOf(statement)]);
}

test('a key leaves for an emergency that the statements bear out', async () => {
  expect(await ask(world, emergency(physician).access)).toHaveProperty('key');
});

test('a locked record is released where two practitioners signed', async () => {
  lock();
  const { access, releasable } = emergency(physician, {}, register('nurse'));
  releasable.links = 2;
  expect(await ask(world, access)).toHaveProperty('key');
});

test.each<[string, () => ReturnType<typeof emergency>]>([
  [
    'an opening that nobody signed',
    () => {
      const made = emergency(physician);
      made.releasable.entry.ground = text;
      return made;
    },
  ],
  ['by a key that its master key never registered', () => emergency(register('physician', newKeys()))],
  ['by a clerk', () => emergency(register('registrar'))],
  ['for another patient', () => emergency(physician, { patient: world.consortium.patient().patient })],
  ['on another device', () => emergency(physician, { device: world.devices.otherDesk.device })],
  [
    'by another practitioner than the access names',
    () => {
      const made = emergency(physician);
      made.releasable.entry.practitioner = newId();
      return made;
    },
  ],
  [
    'that is long over',
    () => emergency(physician, { minutes: 1, iat: seconds(Date.now()) - 120, exp: seconds(Date.now()) + 60 }),
  ],
  [
    'of a locked record with one key',
    () => {
      lock();
      const made = emergency(physician);
      made.releasable.links = 2;
      return made;
    },
  ],
  [
    'of a locked record seconded by the same practitioner',
    () => {
      lock();
      const made = emergency(physician, {}, physician);
      made.releasable.links = 2;
      return made;
    },
  ],
  [
    'by a key that was revoked, put back',
    () => {
      world.revoked.add(`LakesideMSP ${physician.key}`);
      return emergency(physician);
    },
  ],
  [
    'an opening that a review has ended, told as live',
    () => {
      const made = emergency(physician);
      world.revoked.add(`review ${made.releasable.entry.ground}`);
      return made;
    },
  ],
])('state alone releases nothing, and raises an alarm: %s', async (_title, alter) => {
  const { access } = alter();
  expect(await codeOf(ask(world, access))).toBe('LEDGER_DISAGREES');
  expect(world.alarms).toMatchObject([{ code: 'LEDGER_DISAGREES', about: { access } }]);
});

test('a key revoked meanwhile is a refusal, and no alarm', async () => {
  const { access } = emergency(physician);
  world.revoked.add(`LakesideMSP ${physician.key}`);
  Object.assign(world.ledger.practitioners.get(physician.key) ?? {}, { status: 'revoked' });
  expect(await codeOf(ask(world, access))).toBe('PRACTITIONER_REVOKED');
  expect(world.alarms).toEqual([]);
});

test('an opening that a review ends meanwhile is a refusal, and no alarm', async () => {
  const { access, releasable } = emergency(physician);
  const { opening } = releasable;
  world.revoked.add(`review ${opening?.opening}`);
  const review = { statement: text, organisation: 'RegulatorMSP', key: text, justified: false } as const;
  const reviewed = { ...review, reason: 'no-treatment', at: instantAt(world.clock.now) } as const;
  world.ledger.openings.set(opening?.opening ?? '', { ...(opening as Opening), review: reviewed });
  expect(await codeOf(ask(world, access))).toBe('BREAK_GLASS_OVER');
  expect(world.alarms).toEqual([]);
});

test('a second’s key revoked meanwhile closes what is locked, and nothing else', async () => {
  const nurse = register('nurse');
  const open = emergency(physician, {}, nurse);
  world.revoked.add(`LakesideMSP ${nurse.key}`);
  Object.assign(world.ledger.practitioners.get(nurse.key) ?? {}, { status: 'revoked' });
  expect(await ask(world, open.access)).toHaveProperty('key');
  lock();
  const locked = emergency(physician, {}, nurse);
  locked.releasable.links = 2;
  expect(await codeOf(ask(world, locked.access))).toBe('SECOND_KEY_REQUIRED');
  expect(world.alarms).toEqual([]);
});
