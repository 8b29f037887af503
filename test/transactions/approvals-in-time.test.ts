import { type ShiftedConsortium, startShiftedConsortium } from '../support/shifted-consortium.ts';
import { ApprovalScene, approval } from './approval-scene.ts';

const MINUTE = 1 / 1440;
let consortium: ShiftedConsortium;
let scene: ApprovalScene;

beforeAll(async () => {
  consortium = await startShiftedConsortium([]);
  const { run, dataDir } = consortium;
  scene = await ApprovalScene.open({ credentials: run.founding.credentials, dataDir });
});
afterAll(async () => {
  scene.close();
  await consortium.stop();
});

async function passMinutes(minutes: number): Promise<void> {
  await consortium.pass(minutes * MINUTE);
  await scene.startSessions();
}

test('after its hour a request has lapsed: nothing counts, nobody is asked, and it is asked for anew', async () => {
  const { river } = scene;
  const { patient, guardian, record } = await scene.ruled();
  const first = await scene.askOne(record);
  expect(await patient.does(river, approval(first.request))).toBe('accepted');
  const heldBack = guardian.signs(approval(first.request));
  await passMinutes(61);
  expect(await guardian.submits(river, 'approve', heldBack)).toBe('STATEMENT_EXPIRED');
  expect(await guardian.does(river, approval(first.request))).toBe('REQUEST_CLOSED');
  const refusal = { act: 'refuse' as const, request: first.request, reason: 'not-now' };
  expect(await guardian.does(river, refusal)).toBe('REQUEST_CLOSED');
  const { status, approvals } = await scene.standing(first.request);
  expect([status, approvals.length]).toEqual(['lapsed', 1]);
  expect(await scene.waitingFor(guardian.id)).toEqual([]);
  expect((await scene.read(record)).answer).toBe('APPROVAL_REQUIRED');

  const anew = await scene.askOne(record);
  expect(anew.request).not.toBe(first.request);
  // What was approved of the first does not count for the second.
  await guardian.does(river, approval(anew.request));
  expect((await scene.standing(anew.request)).status).toBe('pending');
  expect(await scene.waitingFor(patient.id)).toEqual([anew.request]);
});

test('what was approved may be read for as long as the rule says, and is then asked for again', async () => {
  const { river } = scene;
  const { patient, guardian, record } = await scene.ruled();
  const { request } = await scene.askOne(record);
  await patient.does(river, approval(request));
  await guardian.does(river, approval(request));
  await passMinutes(58);
  const { answer, access } = await scene.read(record);
  expect(answer).toBe('approval');
  await passMinutes(3);
  expect(await scene.releasable(access)).toMatchObject({ now: { is: 'denied' } });
  expect((await scene.read(record)).answer).toBe('APPROVAL_REQUIRED');
  const { requests, repeated } = await scene.ask(record);
  expect([repeated, requests[0]?.status]).toEqual([false, 'pending']);
});
