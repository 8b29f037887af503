import {
  type ApprovalStatement,
  approverOf,
  type Place,
  type ReadStatement,
  readStatement,
  type Signers,
} from '@chartkey/rules';
import { nodeSignatureChecks as checks } from '@chartkey/rules/node';
import { type Approver, Failure, instantAt, type Patient, type PractitionerKey } from '@chartkey/vocabulary';
import { statement, type TestKey, testKey } from '../../support/signing.ts';
import { standingOf } from '../../support/standing.ts';

const network = `demo-${'A'.repeat(43)}`;
const now = Date.now();
const later = instantAt(now + 86_400_000);
const request = 'R'.repeat(42).concat('A');
const [patient, guardian, carer, physician, master] = [testKey(), testKey(), testKey(), testKey(), testKey()];
const delegates = [guardian, carer].map((one) => ({
  delegation: one.id,
  person: one.id,
  kind: 'carer' as const,
  powers: ['approve' as const],
  attested: [],
}));
const of: Approver[] = [{ person: patient.id }, { person: guardian.id }, { organisation: 'LakesideMSP' }];
const place: Place = { patient: patient.id, of };
type People = Partial<Record<'patient' | 'guardian' | 'carer', Partial<Patient>>>;

function signers(change: People, key: Partial<PractitionerKey>): Signers {
  const standing = (one: TestKey, more: Partial<Patient> = {}) =>
    standingOf(one.id, { sig: one.publicJwk as never, ...more });
  const persons = new Map([
    [patient.id, standing(patient, { delegates, ...change.patient })],
    [guardian.id, standing(guardian, change.guardian)],
    [carer.id, standing(carer, change.carer)],
  ]);
  const registered = {
    ...{ key: physician.id, organisation: 'LakesideMSP', practitioner: 'p', role: 'physician' },
    ...{ sig: physician.publicJwk, statement: '', registeredAt: later, validUntil: later },
    status: 'registered',
    ...key,
  } as PractitionerKey;
  return {
    network,
    checks,
    person: async (id) => persons.get(id),
    practitioner: async (id) => (id === physician.id ? registered : undefined),
    masterKey: async () => master.publicJwk as never,
  };
}

interface Case {
  by: TestKey;
  iss?: string;
  inPlaceOf?: string;
  act?: 'approve' | 'refuse' | 'withdrawApproval';
  people?: People;
  key?: Partial<PractitionerKey>;
  place?: Place | undefined;
}

async function outcome({
  by,
  iss = by.id,
  inPlaceOf,
  act = 'approve',
  people = {},
  key = {},
  ...more
}: Case) {
  const words = {
    approve: { seq: 2, request },
    refuse: { seq: 2, request, reason: 'not-now' },
    withdrawApproval: { approval: request },
  }[act];
  const signed = { iss, aud: network, act, ...words, ...(inPlaceOf !== undefined && { patient: inPlaceOf }) };
  const read: ReadStatement = readStatement(statement(signed, by));
  const where = 'place' in more ? more.place : place;
  try {
    const found = await approverOf(read as ApprovalStatement, signers(people, key), now, where);
    return Object.values(found)[0];
  } catch (error) {
    if (error instanceof Failure) return error.code;
    throw error;
  }
}

const frozen = { statement: 's', by: 'k' };
const suspected = { ...frozen, suspects: [guardian.id] };
const lost = {
  recovery: { attempt: 2, startedAt: later, agreedAt: later, lost: [guardian.id] } as never,
};

test.each<[string, Case, string]>([
  ['a person signs for itself', { by: guardian }, guardian.id],
  ['who names itself does too', { by: guardian, inPlaceOf: guardian.id }, guardian.id],
  ['a practitioner signs for its organisation', { by: physician }, 'LakesideMSP'],
  ['a master key does too', { by: master, iss: 'LakesideMSP' }, 'LakesideMSP'],
  ['another key does not', { by: carer, iss: 'LakesideMSP' }, 'SIGNATURE_INVALID'],
  ['a key that its person has not does not', { by: carer, iss: guardian.id }, 'KEY_REVOKED'],
  ['nobody’s key does not', { by: testKey() }, 'PRACTITIONER_UNKNOWN'],
  ['a revoked practitioner does not', { by: physician, key: { status: 'revoked' } }, 'PRACTITIONER_REVOKED'],
  [
    'a practitioner past its time does not',
    { by: physician, key: { validUntil: instantAt(now - 1) } },
    'PRACTITIONER_EXPIRED',
  ],
  ['a delegate signs in the patient’s place', { by: carer, inPlaceOf: patient.id }, patient.id],
  [
    'a delegate that is asked itself does not',
    { by: guardian, inPlaceOf: patient.id },
    'DELEGATE_FOR_ITSELF',
  ],
  [
    'a delegate without the power does not',
    { by: carer, inPlaceOf: patient.id, people: { patient: { delegates: [] } } },
    'NOT_A_DELEGATE',
  ],
  [
    'a delegate in another’s place than the record’s patient does not',
    { by: carer, inPlaceOf: guardian.id, people: { guardian: { delegates } } },
    'NOT_AN_APPROVER',
  ],
  [
    'nobody signs in another’s place where no record is asked for',
    { by: carer, inPlaceOf: patient.id, place: undefined },
    'NOT_AN_APPROVER',
  ],
  ['who is frozen does not approve', { by: guardian, people: { guardian: { frozen } } }, 'PATIENT_FROZEN'],
  [
    'who is frozen still refuses',
    { by: guardian, act: 'refuse', people: { guardian: { frozen } } },
    guardian.id,
  ],
  [
    'who is frozen still withdraws',
    { by: guardian, act: 'withdrawApproval', people: { guardian: { frozen } } },
    guardian.id,
  ],
  [
    'a delegate of a frozen patient does not approve in its place',
    { by: carer, inPlaceOf: patient.id, people: { patient: { frozen, delegates } } },
    'PATIENT_FROZEN',
  ],
  [
    'but withdraws',
    { by: carer, act: 'withdrawApproval', inPlaceOf: patient.id, people: { patient: { frozen, delegates } } },
    patient.id,
  ],
  [
    'a suspected key signs nothing',
    { by: guardian, act: 'withdrawApproval', people: { guardian: { frozen: suspected } } },
    'SUSPECT_KEY',
  ],
  [
    'a suspected delegate signs nothing',
    {
      by: carer,
      act: 'refuse',
      inPlaceOf: patient.id,
      people: { patient: { frozen: { ...frozen, suspects: [carer.id] }, delegates } },
    },
    'SUSPECT_KEY',
  ],
  ['a key named lost signs nothing', { by: guardian, people: { guardian: lost } }, 'SUSPECT_KEY'],
  [
    'keys that were just recovered approve nothing',
    { by: guardian, people: { guardian: { probation: later } } },
    'RECOVERY_PROBATION',
  ],
  ['but refuse', { by: guardian, act: 'refuse', people: { guardian: { probation: later } } }, guardian.id],
])('%s', async (_title, asked, expected) => {
  expect(await outcome(asked)).toBe(expected);
});
