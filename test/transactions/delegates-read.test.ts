import { type AccessEntry, queries, type Releasable } from '@chartkey/vocabulary';
import { freshId, LedgerActor, LedgerPatient } from '../support/ledger-actor.ts';
import { personSession, signedItem } from '../support/signed-request.ts';

let river: LedgerActor;
let lake: LedgerActor;
let desk: string;
let patient: LedgerPatient;
let record: string;

beforeAll(async () => {
  river = new LedgerActor('RiversideMSP');
  lake = new LedgerActor('LakesideMSP');
  desk = await river.session();
});
afterAll(() => {
  river.close();
  lake.close();
});
beforeEach(async () => {
  patient = await enrolled();
  record = freshId();
  await river.anchor(desk, patient.id, record);
});

async function enrolled(): Promise<LedgerPatient> {
  const fresh = new LedgerPatient(river.network);
  await river.enrol(fresh, desk);
  return fresh;
}

const entry = async (transaction: string) =>
  (await river.ledger.evaluate(queries.access, `${transaction}:0`)) as AccessEntry;
const releasable = async (access: string) =>
  ((await river.ledger.evaluate(queries.releasable, JSON.stringify([access]))) as Releasable[])[0]!;

const name = (person: string, powers: string[], more: object = {}) =>
  river.submit(
    'nameDelegate',
    patient.says({ act: 'nameDelegate', seq: 2, person, kind: 'carer', powers, ...more }),
  );
const reading = async (person: LedgerPatient) => {
  const session = await personSession(person, river);
  const { outcomes, transaction } = await river.request(
    signedItem(river.network, { session, record, purpose: 'PATRQT' }, person.sig),
  );
  const [outcome] = outcomes;
  return { found: outcome && 'code' in outcome ? outcome.code : outcome, transaction };
};

test('a stranger reads nothing without a delegation, and its attempt is on the patient’s record', async () => {
  const stranger = await enrolled();
  const { found, transaction } = await reading(stranger);
  expect(found).toBe('NOT_A_DELEGATE');
  expect(await entry(transaction)).toMatchObject({ patient: patient.id, person: stranger.id });
});

test('a delegate who may see the log but not read, reads nothing', async () => {
  const carer = await enrolled();
  await name(carer.id, ['log', 'grant', 'approve', 'record']);
  expect((await reading(carer)).found).toBe('NOT_A_DELEGATE');
});

test('a delegate who may read reads, on the ground of the delegation, until it ends', async () => {
  const carer = await enrolled();
  const naming = await name(carer.id, ['read']);
  const { found, transaction } = await reading(carer);
  expect(found).toEqual({ is: 'granted', basis: 'delegate', version: 1 });
  const { id } = naming.result as { id: string };
  expect(await entry(transaction)).toMatchObject({ ground: id, recipient: carer.id });
  await river.submit('revokeDelegate', patient.says({ act: 'revokeDelegate', delegation: id }));
  expect((await releasable(`${transaction}:0`)).now).toEqual({ is: 'denied', code: 'NOT_A_DELEGATE' });
  expect((await reading(carer)).found).toBe('NOT_A_DELEGATE');
});

test.each([
  ['ended', { notAfter: '2026-01-01T00:00:00.000Z' }],
  ['not begun', { notBefore: '2090-01-01T00:00:00.000Z' }],
  ['not been attested', { kind: 'proxy' }],
])('a delegate whose time has %s reads nothing', async (_what, more) => {
  const carer = await enrolled();
  await name(carer.id, ['read'], more);
  expect((await reading(carer)).found).toBe('NOT_A_DELEGATE');
});

test.each<[string, (person: string) => object]>([
  ['from this person', (person) => ({ who: { person }, what: { records: [record] } })],
  ['from everybody', () => ({ what: { records: [record] } })],
  ['with all others, from this person', (person) => ({ who: { person } })],
])(
  'a delegate gets no record that the patient hides %s; the patient still reads it',
  async (_whom, denial) => {
    const carer = await enrolled();
    await name(carer.id, ['read', 'grant']);
    const hiding = patient.says({ act: 'denyAccess', seq: 3, ...denial(carer.id) });
    const { result } = await river.submit('denyAccess', hiding);
    expect((await reading(carer)).found).toBe('DENIED_BY_PATIENT');
    expect((await reading(patient)).found).toMatchObject({ is: 'granted', basis: 'patient' });
    const lifting = {
      iss: carer.id,
      patient: patient.id,
      act: 'liftDenial',
      seq: 2,
      denial: (result as { id: string }).id,
    };
    await expect(river.submit('liftDenial', carer.says(lifting))).rejects.toMatchObject({
      code: 'DELEGATE_FOR_ITSELF',
    });
  },
);
