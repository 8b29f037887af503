import { instantAt, type SealedRelease, thumbprint } from '@chartkey/vocabulary';
import { unwrapDataKey } from '../../../gateway/src/release/key-wrapping.ts';
import { ask, codeOf } from './asking.ts';
import { idOf, type KeyPair } from './consortium.ts';
import { newWorld, temporaryFolder, type World } from './world.ts';

const root = temporaryFolder();
let world: World;
beforeEach(async () => {
  world = await newWorld(root);
});
afterEach(() => world.room.close());

/** A patient's own granted read at an organisation's gateway, as the ledger's state would tell it. */
function ownAccess(device = world.devices.lakeside) {
  const { patient } = world.patient;
  const made = world.newAccess(device, {
    person: patient,
    recipient: patient,
    purpose: 'PATRQT',
    basis: 'patient',
  });
  const { entry } = made.releasable;
  for (const name of ['device', 'practitioner', 'role', 'grant'] as const) delete entry[name];
  delete made.releasable.approval;
  made.releasable.now = { is: 'granted', basis: 'patient' };
  return made;
}
/** The same by a device that signed. */
function deviceAccess(device = world.devices.lakesideDesk) {
  return world.newAccess(device, { recipient: device.device });
}
const opens = (answer: SealedRelease, enc: KeyPair) => {
  const { access } = answer;
  const use = { access, record: world.record, version: 1 };
  return unwrapDataKey(answer.key, enc.secret, thumbprint(enc.key), use);
};
const anchor = () => ({
  record: world.record,
  version: 1,
  patient: world.patient.patient,
  commitment: world.sealed.commitment,
});

test.each([
  ['a patient’s', () => ownAccess(), () => world.patient.enc],
  ['a device’s', () => deviceAccess(), () => world.devices.lakesideDesk.enc],
])('the key of %s own read goes to the reader alone, whoever passes it on', async (_whose, make, enc) => {
  const { access } = make();
  const answer = (await ask(world, access)) as SealedRelease;
  expect(Object.keys(answer).sort()).toEqual(['access', 'key', 'leaves', 'sealedHeader']);
  const { dataKey } = await world.vault.openVersion(anchor());
  expect(opens(answer, enc()).equals(dataKey)).toBe(true);
  expect(() => opens(answer, world.devices.lakeside.enc)).toThrow();
  expect(world.alarms).toEqual([]);
});

test('it is handed over again while the access is young, for whoever lost the answer on the way', async () => {
  const { access } = ownAccess();
  const answers = (await Promise.all([ask(world, access), ask(world, access)])) as SealedRelease[];
  const [first, second] = answers.map((answer) => opens(answer, world.patient.enc));
  expect(first?.equals(second ?? Buffer.alloc(0))).toBe(true);
  world.clock.now += 30_001;
  expect(await codeOf(ask(world, access))).toBe('ACCESS_TOO_OLD');
});

test('at the custodian’s own gateway too, for the session that asked, and for no other', async () => {
  const { access, releasable } = ownAccess(world.devices.riverside);
  const { session } = releasable.entry;
  const other = 'S'.repeat(42).concat('A');
  expect(await codeOf(world.room.releaseToReader({ access, session: other }))).toBe('RELEASE_REFUSED');
  expect(await codeOf(world.room.sealedToReader({ access, session }, undefined))).toBe('RELEASE_REFUSED');
  const answer = await world.room.releaseToReader({ access, session });
  expect(answer).toMatchObject({ ...anchor(), custodian: 'RiversideMSP' });
  expect(opens(answer, world.patient.enc)).toHaveLength(32);
  const { length } = await world.room.sealedToReader({ access, session }, undefined);
  expect(length).toBe(40 + world.content.length + 16);
  expect(await codeOf(world.room.sealedToReader({ access, session: other }, undefined))).toBe(
    'RELEASE_REFUSED',
  );
  world.clock.now += 240_001;
  expect(await codeOf(world.room.sealedToReader({ access, session }, undefined))).toBe('SESSION_EXPIRED');
});

test('a gateway does not open for itself what is for a reader alone', async () => {
  const { access } = ownAccess(world.devices.riverside);
  const opening = world.room.open({ access, record: world.record }, { keep: false });
  expect(await codeOf(opening)).toBe('RELEASE_REFUSED');
});

test('what a gateway reads itself is not passed on as if it were for a reader alone', async () => {
  const { access, releasable } = world.newAccess(world.devices.riversideDesk);
  const { session } = releasable.entry;
  expect(await codeOf(world.room.releaseToReader({ access, session }))).toBe('RELEASE_REFUSED');
});

describe('a delegate', () => {
  /** A delegate's granted read, with what both have said so far on the ledger. */
  function delegatedAccess() {
    const { consortium, ledger, patient } = world;
    const carer = consortium.patient();
    ledger.enrol(carer);
    const naming = { act: 'nameDelegate', seq: 3, person: carer.patient, kind: 'carer', powers: ['read'] };
    const id = link(patient, naming);
    const made = ownAccess();
    const { entry } = made.releasable;
    Object.assign(entry, { person: carer.patient, recipient: carer.patient, basis: 'delegate', ground: id });
    Object.assign(made.releasable, { links: 2, readerLinks: 1, now: { is: 'granted', basis: 'delegate' } });
    return { ...made, carer };
  }
  /** One more link of a person's chain. */
  function link(person: World['patient'], payload: object): string {
    const statement = world.consortium.statement(person.sig, { iss: person.patient, ...payload });
    const id = idOf(statement);
    world.ledger.accept({ id, statement });
    world.ledger.chains.get(person.patient)?.push(id);
    return id;
  }

  test('gets the key for its own', async () => {
    const { access, carer } = delegatedAccess();
    expect(opens((await ask(world, access)) as SealedRelease, carer.enc)).toHaveLength(32);
    expect(world.alarms).toEqual([]);
  });

  test.each([
    ['the patient freezes', (_: World['patient']) => world.patient],
    ['the delegate freezes its own keys', (carer: World['patient']) => carer],
  ])('gets none when %s while the ledger answers, and that is no alarm', async (_when, who) => {
    const { access, carer } = delegatedAccess();
    const person = who(carer);
    link(person, { act: 'freeze' });
    world.restrictions.set(person.patient, world.ledger.chains.get(person.patient)?.slice(1) ?? []);
    expect(await codeOf(ask(world, access))).toBe('PATIENT_FROZEN');
    expect(world.alarms).toEqual([]);
  });

  test('gets none, with an alarm, when the state’s chain leaves out what it said of its own keys', async () => {
    const { access, carer } = delegatedAccess();
    world.restrictions.set(carer.patient, ['F'.repeat(42).concat('A')]);
    expect(await codeOf(ask(world, access))).toBe('LEDGER_DISAGREES');
    expect(world.alarms).toHaveLength(1);
  });
});

describe('state alone opens nothing', () => {
  test.each<[string, () => { access: string }]>([
    [
      'a person whose delegation no statement made',
      () => {
        const stranger = world.consortium.patient();
        world.ledger.enrol(stranger);
        const made = ownAccess();
        const ground = 'G'.repeat(42).concat('A');
        const changed = { person: stranger.patient, recipient: stranger.patient, basis: 'delegate', ground };
        Object.assign(made.releasable.entry, changed);
        made.releasable.readerLinks = 1;
        return made;
      },
    ],
    [
      'a key that no statement of the patient’s brought',
      () => {
        const made = ownAccess();
        made.releasable.entry.recipient = thumbprint(world.devices.otherDesk.sig.key);
        return made;
      },
    ],
    [
      'another purpose than a person’s',
      () => {
        const made = ownAccess();
        made.releasable.entry.purpose = 'TREAT';
        return made;
      },
    ],
    [
      'another key than the device’s',
      () => world.newAccess(world.devices.lakesideDesk, { recipient: world.patient.patient }),
    ],
    [
      'a device that must prove each read, and did not',
      () => {
        const desk = world.consortium.device('LakesideMSP', 'workstation', { perRequestProof: true });
        world.ledger.approve(desk);
        return world.newAccess(desk);
      },
    ],
  ])('%s: no key, and an alarm', async (_what, make) => {
    const { access } = make();
    expect(await codeOf(ask(world, access))).toBe('LEDGER_DISAGREES');
    expect(world.alarms).toHaveLength(1);
  });

  test('a read from ahead of time is not released', async () => {
    const made = ownAccess();
    made.releasable.entry.time = instantAt(world.clock.now + 30_001);
    expect(await codeOf(ask(world, made.access))).toBe('RELEASE_REFUSED');
  });
});
