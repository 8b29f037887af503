import { queries } from '@chartkey/vocabulary';
import { freshHash, LedgerActor, LedgerPatient } from '../support/ledger-actor.ts';
import { Voice } from '../support/voice.ts';

let river: LedgerActor;
let lake: LedgerActor;
let session: string;
beforeAll(async () => {
  [river, lake] = [new LedgerActor('RiversideMSP'), new LedgerActor('LakesideMSP')];
  session = await river.session();
});
afterAll(() => {
  river.close();
  lake.close();
});

async function person(): Promise<Voice> {
  const one = new LedgerPatient(river.network);
  await river.enrol(one, session);
  return new Voice(river, one.id, one.sig);
}
const grant = (patient: Voice) => ({
  act: 'grantConsent' as const,
  patient: patient.iss,
  grantee: { organisation: 'LakesideMSP' },
  scope: 'all',
  actions: ['read'],
  purposes: ['TREAT'],
});
const naming = (who: string, powers = ['grant', 'log']) => ({
  act: 'nameDelegate' as const,
  person: who,
  kind: 'carer',
  powers,
});

test('a delegate grants and takes back for the patient, in its own name and number, until it is revoked', async () => {
  const [patient, carer] = [await person(), await person()];
  expect(await carer.code(grant(patient))).toBe('NOT_A_DELEGATE');
  const delegation = await patient.says(naming(carer.iss));
  const given = await carer.says(grant(patient));
  const grants = () => river.ledger.evaluate(queries.grants, patient.iss, 'LakesideMSP');
  expect(await grants()).toMatchObject([{ grant: given }]);
  await carer.says({ act: 'revokeConsent', patient: patient.iss, grant: given });
  expect(await grants()).toEqual([]);
  expect(await carer.code({ act: 'revokeDelegate', delegation })).toBe('DELEGATION_UNKNOWN');
  await patient.says({ act: 'revokeDelegate', delegation });
  expect(await carer.code(grant(patient))).toBe('NOT_A_DELEGATE');
  expect(await river.ledger.evaluate(queries.actsFor, carer.iss)).toEqual([patient.iss]);
});

test('only who is enrolled is named, and a refused statement leaves nothing behind', async () => {
  const patient = await person();
  const before = await river.ledger.evaluate(queries.patient, patient.iss);
  const nobody = freshHash();
  expect(await patient.code(naming(nobody))).toBe('PATIENT_UNKNOWN');
  expect(await patient.code(naming(patient.iss))).toBe('DELEGATE_FOR_ITSELF');
  expect(await river.ledger.evaluate(queries.patient, patient.iss)).toEqual(before);
  expect(await river.ledger.evaluate(queries.actsFor, nobody)).toEqual([]);
});

test('a child’s guardian is named with its enrolment, and acts through any gateway', async () => {
  const mother = await person();
  const child = new LedgerPatient(river.network);
  const notAfter = new Date(Date.now() + 60_000).toISOString();
  const enrolment = (person: string) => {
    const keys = { sig: child.sig.publicJwk, enc: child.enc.publicJwk };
    return child.says({ act: 'enrolPatient', seq: 1, ...keys, guardian: { person, notAfter } });
  };
  const enrol = (statement: string) =>
    river.ledger.submit('patients:enrolPatient', { statement, session }).then(
      () => 'accepted',
      ({ code }: { code: string }) => code,
    );
  expect(await enrol(enrolment(freshHash()))).toBe('PATIENT_UNKNOWN');
  expect(await enrol(enrolment(child.id))).toBe('PATIENT_UNKNOWN');
  expect(await enrol(enrolment(mother.iss))).toBe('accepted');
  const elsewhere = new Voice(lake, mother.iss, mother.key);
  expect(await elsewhere.code(grant(new Voice(lake, child.id, child.sig)))).toBe('accepted');
  expect(await river.ledger.evaluate(queries.patient, child.id)).toMatchObject({
    delegates: [{ person: mother.iss, kind: 'guardian', notAfter }],
  });
});
