import { type ApprovalRequest, queries, transactions } from '@chartkey/vocabulary';
import { byPractitioner } from '../support/approvers.ts';
import { codeOf } from '../support/ledger-actor.ts';
import { LedgerPractitioner } from '../support/ledger-practitioner.ts';
import { statementIdOf } from '../support/signing.ts';
import { ApprovalScene, approval, hospital, people } from './approval-scene.ts';

let scene: ApprovalScene;
let physician: LedgerPractitioner;

beforeAll(async () => {
  scene = await ApprovalScene.open();
  physician = await LedgerPractitioner.registered(scene.lake);
});
afterAll(() => scene.close());

test('two of patient, hospital and guardian open a record; each step stands on the ledger', async () => {
  const { river, lake } = scene;
  const { patient, guardian, record, rule } = await scene.ruled();
  const grant = { grantee: hospital, scope: 'all', actions: ['read'], purposes: ['TREAT'] };
  await patient.does(lake, { act: 'grantConsent', ...grant });
  expect((await scene.read(record)).answer).toBe('APPROVAL_REQUIRED');
  const { request, subject, until, openedAt } = await scene.askOne(record);
  const { organisation } = hospital;
  expect(subject).toMatchObject({ kind: 'access', patient: patient.id, record, rule, organisation });
  expect(Date.parse(until) - Date.parse(openedAt)).toBe(3_600_000);
  for (const { id } of [patient, guardian]) expect(await scene.waitingFor(id)).toEqual([request]);
  expect(await scene.waitingFor('LakesideMSP')).toContain(request);

  await guardian.does(river, approval(request));
  expect((await scene.read(record)).answer).toBe('APPROVAL_REQUIRED');
  expect(await scene.waitingFor(guardian.id)).toEqual([]);
  expect(await scene.waitingFor(patient.id)).toEqual([request]);

  expect(await byPractitioner(physician, approval(request))).toBe('accepted');
  const { answer, access } = await scene.read(record);
  expect(answer).toBe('approval');
  const entry = { basis: 'approval', ground: request };
  expect(await lake.ledger.evaluate(queries.access, access)).toMatchObject(entry);
  expect(await scene.releasable(access)).toMatchObject({ now: { is: 'granted' }, requests: [{ request }] });
  expect(await scene.standing(request, lake)).toMatchObject({
    status: 'granted',
    approvals: [{ by: { person: guardian.id } }, { by: hospital }],
  });
  expect(await scene.waitingFor(patient.id)).toEqual([]);
  expect(await scene.waitingFor('LakesideMSP')).not.toContain(request);
});

test('three of five: the third opens it', async () => {
  const { river } = scene;
  const five = await Promise.all([scene.person(), scene.person(), scene.person(), scene.person()]);
  const [patient, second, third, fourth] = five;
  const record = await scene.record(patient);
  await scene.rule(patient, record, [...people(...five), hospital], 3);
  const { request } = await scene.askOne(record);
  await second.does(river, { act: 'refuse', request, reason: 'not-known' });
  await third.does(river, approval(request));
  await byPractitioner(physician, approval(request));
  expect((await scene.read(record)).answer).toBe('APPROVAL_REQUIRED');
  await fourth.does(river, approval(request));
  expect((await scene.read(record)).answer).toBe('approval');
});

test('a delegate with that power approves in the patient’s place, another one does not', async () => {
  const { river } = scene;
  const { patient, guardian, record } = await scene.ruled();
  const [carer, reader] = [await scene.person(), await scene.person()];
  const naming = { act: 'nameDelegate' as const, kind: 'carer' };
  await patient.does(river, { ...naming, person: carer.id, powers: ['approve'] });
  await patient.does(river, { ...naming, person: reader.id, powers: ['read', 'log'] });
  const { request } = await scene.askOne(record);
  const inPlace = approval(request, { patient: patient.id });
  expect(await reader.does(river, inPlace)).toBe('NOT_A_DELEGATE');
  expect(await carer.does(river, approval(request))).toBe('NOT_AN_APPROVER');
  expect(await carer.does(river, inPlace)).toBe('accepted');
  expect((await scene.standing(request)).approvals).toMatchObject([{ by: { person: patient.id } }]);
  await guardian.does(river, approval(request));
  expect((await scene.read(record)).answer).toBe('approval');
});

test('a withdrawn approval does not count, and its statement sent again changes nothing', async () => {
  const { river, lake } = scene;
  const { patient, guardian, record } = await scene.ruled();
  const { request } = await scene.askOne(record);
  const first = patient.signs(approval(request));
  await patient.submits(river, 'approve', first);
  const withdrawal = { act: 'withdrawApproval' as const, approval: statementIdOf(first) };
  expect(await guardian.does(river, withdrawal)).toBe('NOT_APPROVED');
  expect(await patient.does(lake, withdrawal)).toBe('accepted');
  expect(await scene.waitingFor(patient.id)).toEqual([request]);
  expect((await river.submit('approve', first)).result).toMatchObject({ repeated: true });
  await guardian.does(river, approval(request));
  expect((await scene.read(record)).answer).toBe('APPROVAL_REQUIRED');
  expect((await scene.standing(request)).approvals).toMatchObject([{ by: { person: guardian.id } }]);
});

test('a withdrawal names one approval: held back, it undoes no later one', async () => {
  const { river } = scene;
  const { patient, guardian, record } = await scene.ruled();
  const { request } = await scene.askOne(record);
  const first = patient.signs(approval(request));
  await patient.submits(river, 'approve', first);
  const withdrawal = { act: 'withdrawApproval' as const, approval: statementIdOf(first) };
  await patient.does(river, withdrawal);
  await patient.does(river, approval(request));
  const heldBack = patient.signs({ ...withdrawal, iat: Math.floor(Date.now() / 1000) - 1 });
  expect(await codeOf(river.submit('withdrawApproval', heldBack))).toBe('NOT_APPROVED');
  await guardian.does(river, approval(request));
  expect((await scene.read(record)).answer).toBe('approval');
});

test('a record under two rules is asked for under both, and takes both', async () => {
  const { river } = scene;
  const { patient, guardian, record } = await scene.ruled();
  await scene.rule(patient, record, people(guardian), 1);
  const { requests, repeated } = await scene.ask(record);
  expect([requests.length, repeated]).toEqual([2, false]);
  expect(await scene.ask(record)).toEqual({ requests, repeated: true });
  const [first, second] = requests as [ApprovalRequest, ApprovalRequest];
  await patient.does(river, approval(first.request));
  await guardian.does(river, approval(first.request));
  expect((await scene.read(record)).answer).toBe('APPROVAL_REQUIRED');
  await guardian.does(river, approval(second.request));
  const { answer, access } = await scene.read(record);
  expect(answer).toBe('approval');
  const both = [{ request: first.request }, { request: second.request }];
  expect(await scene.releasable(access)).toMatchObject({ requests: both });
  const granted = { status: 'granted' };
  expect(await scene.ask(record)).toMatchObject({ repeated: true, requests: [granted, granted] });
});

test('a lifted rule closes its requests, and laid anew it starts from nothing', async () => {
  const { river } = scene;
  const { patient, guardian, record, rule } = await scene.ruled();
  const other = await scene.record(patient);
  await scene.rule(patient, other, [...people(patient), hospital], 2);
  const [open, second] = [await scene.askOne(record), await scene.askOne(other)];
  await patient.does(river, approval(open.request));
  await patient.does(river, { act: 'liftRule', rule });
  expect(await guardian.does(river, approval(open.request))).toBe('REQUEST_CLOSED');
  expect((await scene.standing(open.request)).status).toBe('lapsed');
  expect(await scene.waitingFor(guardian.id)).toEqual([]);
  expect(await scene.waitingFor(patient.id)).toEqual([second.request]);
  expect((await scene.read(record)).answer).toBe('NO_GRANT');
  expect(await codeOf(scene.ask(record))).toBe('RULE_MISSING');
  await scene.rule(patient, record, people(patient, guardian), 1);
  const anew = await scene.askOne(record);
  await guardian.does(river, approval(anew.request));
  expect((await scene.read(record)).answer).toBe('approval');
});

test('the 65th open request of one organisation and patient is refused; what waits comes in pages', async () => {
  const { lake } = scene;
  const { patient, record } = await scene.ruled();
  for (let more = 0; more < 10; more += 1) await scene.rule(patient, record, people(patient), 1);
  const purposes = ['TREAT', 'HPAYMT', 'HRESCH', 'PATRQT', 'HOPERAT', 'PUBHLTH'];
  const session = await lake.session({ purpose_of_use: purposes });
  const codes: string[] = [];
  for (const purpose of purposes) {
    codes.push(await codeOf(lake.ledger.submit(transactions.requestApproval, { session, record, purpose })));
  }
  expect(codes).toEqual([...Array(5).fill('accepted'), 'REQUEST_LIMIT']);
  const first = await scene.waiting(patient.id);
  const rest = await scene.waiting(patient.id, first.next);
  expect([first.requests.length, rest.requests.length, rest.next]).toEqual([50, 5, undefined]);
});

test('of more than 16 rules on one record the others are asked the next time', async () => {
  const { patient, record } = await scene.ruled();
  for (let more = 0; more < 17; more += 1) await scene.rule(patient, record, people(patient), 1);
  const asked = [await scene.ask(record), await scene.ask(record), await scene.ask(record)];
  expect(asked.map(({ requests, repeated }) => [requests.length, repeated])).toEqual([
    [16, false],
    [18, false],
    [18, true],
  ]);
});
