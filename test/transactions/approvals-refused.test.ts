import { byMaster, byPractitioner } from '../support/approvers.ts';
import { codeOf, freshHash, freshId } from '../support/ledger-actor.ts';
import { LedgerPractitioner } from '../support/ledger-practitioner.ts';
import { statementIdOf } from '../support/signing.ts';
import { ApprovalScene, approval, hospital } from './approval-scene.ts';

let scene: ApprovalScene;
let physician: LedgerPractitioner;

beforeAll(async () => {
  scene = await ApprovalScene.open();
  physician = await LedgerPractitioner.registered(scene.lake);
});
afterAll(() => scene.close());

const refusal = (request: string) => ({ act: 'refuse' as const, request, reason: 'not-needed' });

describe('one principal counts once:', () => {
  test('a patient with two keys', async () => {
    const { river } = scene;
    const { patient, record } = await scene.ruled();
    const second = await patient.addKey(river);
    const { request } = await scene.askOne(record);
    expect(await patient.does(river, approval(request))).toBe('accepted');
    expect(await patient.does(river, approval(request), second)).toBe('ALREADY_APPROVED');
    expect((await scene.standing(request)).approvals).toHaveLength(1);
  });

  test('a hospital with two practitioners and a master key', async () => {
    const { lake } = scene;
    const { record } = await scene.ruled();
    const nurse = await LedgerPractitioner.registered(lake, { role: 'nurse' });
    const { request } = await scene.askOne(record);
    expect(await byPractitioner(physician, approval(request))).toBe('accepted');
    expect(await byPractitioner(nurse, approval(request))).toBe('ALREADY_APPROVED');
    expect(await byMaster(lake, approval(request))).toBe('ALREADY_APPROVED');
    expect((await scene.standing(request)).approvals).toHaveLength(1);
  });

  test('a delegate who is asked itself does not sign in the patient’s place as well', async () => {
    const { river } = scene;
    const { patient, guardian, record } = await scene.ruled();
    const naming = { act: 'nameDelegate' as const, person: guardian.id, kind: 'carer', powers: ['approve'] };
    await patient.does(river, naming);
    const { request } = await scene.askOne(record);
    expect(await guardian.does(river, approval(request))).toBe('accepted');
    const inPlace = approval(request, { patient: patient.id });
    expect(await guardian.does(river, inPlace)).toBe('DELEGATE_FOR_ITSELF');
    expect((await scene.standing(request)).status).toBe('pending');
  });
});

describe('refused, and nothing is changed:', () => {
  test('approvals by revoked keys', async () => {
    const { river, lake } = scene;
    const { patient, record } = await scene.ruled();
    const second = await patient.addKey(river);
    const { request } = await scene.askOne(record);
    await patient.does(river, { act: 'removeKey', key: second.id });
    expect(await patient.does(river, approval(request), second)).toBe('KEY_REVOKED');
    const leaver = await LedgerPractitioner.registered(lake);
    await leaver.revoke();
    expect(await byPractitioner(leaver, approval(request))).toBe('PRACTITIONER_REVOKED');
    expect((await scene.standing(request)).approvals).toEqual([]);
  });

  test('approvals of a request that is not there, or asks others', async () => {
    const { river } = scene;
    const { patient, record } = await scene.ruled();
    const other = await scene.ruled();
    const { request } = await scene.askOne(record);
    expect(await patient.does(river, approval(freshHash()))).toBe('REQUEST_UNKNOWN');
    expect(await other.patient.does(river, approval(request))).toBe('NOT_AN_APPROVER');
    const clerk = await LedgerPractitioner.registered(river, { role: 'registrar' });
    expect(await byPractitioner(clerk, approval(request))).toBe('NOT_AN_APPROVER');
    expect((await scene.standing(request)).approvals).toEqual([]);
  });

  test('approvals of what is refused already', async () => {
    const { river } = scene;
    const { patient, guardian, record } = await scene.ruled();
    const { request } = await scene.askOne(record);
    await patient.does(river, refusal(request));
    await guardian.does(river, { ...refusal(request), reason: 'too-broad' });
    const reasons = [{ reason: 'not-needed' }, { reason: 'too-broad' }];
    expect(await scene.standing(request)).toMatchObject({ status: 'refused', refusals: reasons });
    expect(await byPractitioner(physician, approval(request))).toBe('REQUEST_CLOSED');
    expect(await scene.waitingFor('LakesideMSP')).not.toContain(request);
    // Asked anew, it is another request.
    expect((await scene.askOne(record)).request).not.toBe(request);
  });

  test('approvals that were signed too long ago, or for another network', async () => {
    const { river } = scene;
    const { patient, record } = await scene.ruled();
    const { request } = await scene.askOne(record);
    const iat = Math.floor(Date.now() / 1000) - 700;
    expect(await patient.does(river, approval(request, { iat, exp: iat + 600 }))).toBe('STATEMENT_EXPIRED');
    const aud = `demo-${freshHash()}`;
    expect(await patient.does(river, approval(request, { aud }))).toBe('WRONG_NETWORK');
    expect((await scene.standing(request)).approvals).toEqual([]);
  });

  test('approvals by whoever is frozen, who may still withdraw', async () => {
    const { river } = scene;
    const { patient, guardian, record } = await scene.ruled();
    const { request } = await scene.askOne(record);
    const given = guardian.signs(approval(request));
    await guardian.submits(river, 'approve', given);
    await guardian.does(river, { act: 'freeze' });
    expect(await guardian.does(river, approval(request))).toBe('PATIENT_FROZEN');
    const withdrawal = { act: 'withdrawApproval' as const, approval: statementIdOf(given) };
    expect(await guardian.does(river, withdrawal)).toBe('accepted');
    // The patient's own freeze stops everybody's approvals of its records.
    await patient.does(river, { act: 'freeze' });
    expect(await byPractitioner(physician, approval(request))).toBe('PATIENT_FROZEN');
    expect((await scene.standing(request)).approvals).toEqual([]);
  });
});

describe('who may not read may not ask:', () => {
  test('without a rule, in another’s session, or shut out by the patient', async () => {
    const { river, lake, insurer, riverSession } = scene;
    const { patient, record } = await scene.ruled();
    expect(await codeOf(scene.ask(await scene.record(patient)))).toBe('RULE_MISSING');
    expect(await codeOf(scene.ask(freshId()))).toBe('RECORD_UNKNOWN');
    expect(await codeOf(scene.ask(record, riverSession, lake))).toBe('SESSION_FOREIGN');
    expect(await codeOf(scene.ask(record, freshHash()))).toBe('SESSION_UNKNOWN');
    expect(await codeOf(scene.ask(record, riverSession, river))).toBe('RULE_MISSING');
    const paying = await insurer.session({ subject_role: 'auditor' });
    expect(await codeOf(scene.ask(record, paying, insurer))).toBe('KIND_NOT_ALLOWED');
    const researching = await lake.session({ purpose_of_use: ['HRESCH'] });
    expect(await codeOf(scene.ask(record, researching))).toBe('PURPOSE_NOT_ALLOWED');
    await patient.does(river, { act: 'denyAccess', who: hospital });
    expect(await codeOf(scene.ask(record))).toBe('DENIED_BY_PATIENT');
  });

  test('and a third party does not learn who waits for what', async () => {
    const { insurer } = scene;
    const { record } = await scene.ruled();
    const { request } = await scene.askOne(record);
    expect(await codeOf(scene.standing(request, insurer))).toBe('CARE_MEMBERS_ONLY');
    expect(await codeOf(scene.waiting('LakesideMSP', '', insurer))).toBe('CARE_MEMBERS_ONLY');
  });
});
