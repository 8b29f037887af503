import { setTimeout as pause } from 'node:timers/promises';
import { gatewayKeyOf, lateEntryOf } from '../support/late-entries.ts';
import { codeOf, LedgerActor, LedgerPatient } from '../support/ledger-actor.ts';
import { LedgerPractitioner } from '../support/ledger-practitioner.ts';
import { type Answer, ask } from '../support/rest-answers.ts';
import { type ShiftedConsortium, startShiftedConsortium } from '../support/shifted-consortium.ts';

let own: ShiftedConsortium;
let lake: LedgerActor;
let patient: LedgerPatient;
/** goes on after many days */
const validUntil = new Date(Date.now() + 90 * 86_400_000).toISOString();

beforeAll(async () => {
  own = await startShiftedConsortium(['LakesideMSP', 'RegulatorMSP']);
  const { dataDir, run } = own;
  lake = new LedgerActor('LakesideMSP', { dataDir, credentials: run.founding.credentials });
  patient = new LedgerPatient(lake.network);
  await lake.enrol(patient, await lake.session());
});
afterAll(async () => {
  lake.close();
  await own.stop();
});

/** What a regulator is shown, by opening. */
async function overdue(): Promise<Map<unknown, unknown>> {
  own.people.regulator.forgetTokens();
  const items = await own.people.regulator.pages('/v1/break-glass?organisation=LakesideMSP');
  return new Map(items.map((one) => [one['opening'], one['overdue']]));
}

test('a day later a practitioner may break glass again', async () => {
  const physician = await LedgerPractitioner.registered(lake, { validUntil });
  for (let count = 1; count <= 5; count += 1) await physician.opens(patient);
  expect(await codeOf(physician.opens(patient))).toBe('BREAK_GLASS_LIMIT');
  await own.pass(1);
  expect(await codeOf(physician.opens(patient))).toBe('accepted');
});

test('an overdue review is shown to the regulator, and blocks that practitioner’s next until it is made', async () => {
  const physician = await LedgerPractitioner.registered(lake, { validUntil });
  const officer = await LedgerPractitioner.registered(lake, { role: 'privacy-officer', validUntil });
  const opening = await physician.opens(patient);
  await own.pass(6.9);
  expect(await codeOf(physician.opens(patient))).toBe('accepted');
  expect((await overdue()).get(opening)).toBe(false);
  await own.pass(0.2);
  expect((await overdue()).get(opening)).toBe(true);
  expect(await codeOf(physician.opens(patient))).toBe('REVIEW_OVERDUE');
  const { practitioner } = physician;
  const again = await LedgerPractitioner.registered(lake, { practitioner, validUntil });
  expect(await codeOf(again.opens(patient))).toBe('REVIEW_OVERDUE');
  const colleague = await LedgerPractitioner.registered(lake, { validUntil });
  expect(await codeOf(colleague.opens(patient))).toBe('accepted');
  await officer.reviews(opening);
  expect((await overdue()).has(opening)).toBe(false);
  expect(await codeOf(physician.opens(patient))).toBe('accepted');
});

describe('a witness of releases without the ledger', () => {
  const hand = (entry: string) =>
    ask(`${own.people.regulator.url}/v1/emergency-entries`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/jose' },
      body: entry,
    });
  const said = ({ status, code }: Answer) => `${status} ${code}`.trim();
  let by: LedgerPractitioner;
  let second: LedgerPractitioner;
  const entryOf = (number: number, gateway = gatewayKeyOf('LakesideMSP', own.dataDir)) =>
    lateEntryOf({ ...{ number, patient, by, second, gateway, witnessKey: gateway }, record: 'a'.repeat(26) })
      .entry;
  beforeAll(async () => {
    by = await LedgerPractitioner.registered(lake, { validUntil });
    second = await LedgerPractitioner.registered(lake, { validUntil });
  });

  test('keeps entries of hospitals’ gateways, one number after the other, and signs for them', async () => {
    expect(said(await hand(entryOf(1, lake.device)))).toBe('400 LATE_ENTRY_INVALID');
    const first = entryOf(1);
    const kept = await hand(first);
    expect([said(kept), Object.keys(kept.json)]).toEqual(['201', ['witnessed']]);
    expect((await hand(first)).json).toEqual(kept.json);
    expect(said(await hand(entryOf(1)))).toBe('409 STALE_SEQUENCE');
    expect(said(await hand(entryOf(3)))).toBe('409 STALE_SEQUENCE');
    expect(said(await hand(entryOf(2)))).toBe('201');
  });

  test('makes a dispute of each that the ledger does not have a day later', async () => {
    const disputes = async () => {
      own.people.regulator.forgetTokens();
      const all = await own.people.regulator.pages('/v1/disputes');
      return all.filter((one) => one['about'] === 'missing-entry' && one['organisation'] === 'LakesideMSP');
    };
    expect(await disputes()).toEqual([]);
    await own.pass(1.1);
    for (let tries = 0; (await disputes()).length < 2 && tries < 100; tries += 1) await pause(100);
    expect((await disputes()).map((one) => one['patient'])).toEqual([patient.id, patient.id]);
  });
});
