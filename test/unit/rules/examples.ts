import type { Act, StatementOf } from '@chartkey/vocabulary';
import { testKey } from '../../support/signing.ts';

const hash = (letter: string) => `${letter.repeat(42)}A`;
const label = `${'l'.repeat(21)}A`;
const id = 'a'.repeat(26);
const jws = 'aGVhZGVy.cGF5bG9hZA.c2ln';
const jwe = 'aGVhZGVy.a2V5.aXY.dGV4dA.dGFn';
const instant = '2026-06-01T12:00:00.000Z';
const patient = hash('p');
const person = hash('q');
const statement = hash('s');
const [sig, enc] = [testKey().publicJwk, testKey().publicJwk];
const named = { records: [id], labels: [label] };
const members = {
  organisation: 'LakeMSP',
  department: id,
  role: 'nurse',
  device: hash('d'),
  practitioner: id,
} as const;
const seq = 4;

type Envelope = 'iss' | 'aud' | 'iat' | 'exp' | 'act';
interface Example<Verb extends Act> {
  /** the statement with every member it may have */
  says: Omit<StatementOf<Verb>, Envelope>;
  /** whose key signs */
  by?: 'organisation';
  /** members that it may do without */
  may?: readonly string[];
}

const may = ['patient'] as const;

/** One statement of every verb. */
export const examples: { [Verb in Act]: Example<Verb> } = {
  enrolPatient: {
    says: { seq: 1, sig, enc, recorder: 'LakeMSP', labelKey: jwe, guardian: { person, notAfter: instant } },
    may: ['recorder', 'labelKey', 'guardian'],
  },
  grantConsent: {
    says: {
      ...{ seq, patient, grantee: members, actions: ['read'], purposes: ['TREAT', 'HRESCH'] },
      scope: { ...named, madeFrom: instant, except: named },
      ...{ notBefore: instant, notAfter: instant, maxUses: 3, passOn: true, labelKey: jwe },
    },
    may: [...may, 'notBefore', 'notAfter', 'maxUses', 'passOn', 'labelKey'],
  },
  revokeConsent: { says: { patient, grant: statement }, may },
  passOn: { says: { seq, patient, grant: statement, to: 'HillMSP' } },
  declareTreatment: { says: { seq, patient, until: instant } },
  denyAccess: { says: { seq, patient, who: members, what: named }, may: [...may, 'who', 'what'] },
  liftDenial: { says: { seq, patient, denial: statement }, may },
  nameDelegate: {
    says: { seq, person, kind: 'carer', powers: ['read', 'log'], notBefore: instant, notAfter: instant },
    may: ['notBefore', 'notAfter'],
  },
  revokeDelegate: { says: { delegation: statement } },
  attestDelegate: { says: { seq, patient, delegation: statement } },
  layRule: {
    says: {
      seq,
      patient,
      on: named,
      of: [{ person }, { organisation: 'LakeMSP' }],
      need: 2,
      within: 60,
      lasting: 60,
    },
    may,
  },
  liftRule: { says: { seq, patient, rule: statement }, may },
  approve: { says: { seq, patient, request: hash('r') }, may },
  refuse: { says: { seq, patient, request: hash('r'), reason: 'not-needed' }, may },
  withdrawApproval: { says: { patient, approval: statement }, may },
  openBreakGlass: {
    says: { seq, patient, device: hash('d'), reason: 'unconscious', text: hash('t'), minutes: 60 },
  },
  secondBreakGlass: { says: { seq, opening: statement } },
  reviewBreakGlass: { says: { seq, opening: statement, justified: false, reason: 'wrong-patient' } },
  lockForEmergencies: { says: { seq, patient, what: named }, may },
  liftLock: { says: { seq, patient, lock: statement }, may },
  setEmergencyCard: { says: { seq, patient, record: id }, may: [...may, 'record'] },
  approveDevice: {
    by: 'organisation',
    says: { seq, device: jws, validUntil: instant, department: id, perRequestProof: true },
    may: ['validUntil', 'department', 'perRequestProof'],
  },
  renewDevice: { by: 'organisation', says: { seq, device: hash('d'), validUntil: instant } },
  revokeDevice: { by: 'organisation', says: { device: hash('d') } },
  registerPractitioner: {
    by: 'organisation',
    says: { seq, key: jws, practitioner: id, role: 'physician', validUntil: instant },
  },
  revokePractitioner: { by: 'organisation', says: { key: hash('k') } },
  rotateMasterKey: { by: 'organisation', says: { seq, key: jws } },
  replaceMasterKey: { by: 'organisation', says: { seq, organisation: 'HillMSP', key: jws } },
  addKey: { says: { seq, key: jws } },
  removeKey: { says: { key: hash('k') } },
  rotateKey: { says: { seq, key: jws } },
  freeze: { says: { patient, suspect: hash('k') }, may: [...may, 'suspect'] },
  unfreeze: { says: { seq, patient, approvals: [statement] }, may: [...may, 'approvals'] },
  nameContacts: {
    says: {
      seq,
      contacts: [{ person }, { organisation: 'LakeMSP' }, { organisation: 'CrownMSP' }],
      outside: 'HillMSP',
    },
    may: ['outside'],
  },
  startRecovery: {
    says: { seq, patient, key: jws, lost: [hash('k')], inPerson: true },
    may: ['inPerson'],
  },
  vetoRecovery: { says: { patient, recovery: statement }, may },
  confirmRecovery: { says: { recovery: statement, approvals: [statement] } },
  completeRecovery: { says: { recovery: statement } },
  skip: { says: { seq } },
};
