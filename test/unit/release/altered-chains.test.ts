import { ask, codeOf } from './asking.ts';
import { idOf, type KeyPair, newKeys, seconds, signed } from './consortium.ts';
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

/** An access that state granted, after all links that it tells of. */
function access(): string {
  const made = world.newAccess();
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
