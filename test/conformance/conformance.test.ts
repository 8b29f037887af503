import { ledgerKind } from '../support/consortium.ts';
import { Callers } from './callers.ts';
import { groups } from './groups.ts';
import { type LedgerUnderTest, startLedgerUnderTest } from './ledger-under-test.ts';
import type { Json } from './outcome.ts';
import { readRecording, writeRecording } from './recordings.ts';

const recording = process.env['RECORD'] === '1';
if (recording && ledgerKind !== 'fabric') throw new Error('recordings are made on Fabric: LEDGER=fabric');

describe.each(Object.entries(groups))('%s', (group, cases) => {
  const { outcomes } = readRecording(group);
  const made: Record<string, Json> = {};
  let callers: Callers;
  beforeAll(() => {
    callers = new Callers(ledger);
  });
  afterAll(() => {
    callers.close();
    const date = new Date().toISOString().slice(0, 10);
    if (recording) writeRecording(group, { fabric: ledger.version!, date, outcomes: made });
  });

  test.each(Object.entries(cases))('%s', async (title, run) => {
    made[title] = await run(callers);
    if (!recording) expect(made[title]).toEqual(outcomes[title]);
  });

  test('every recording has its case', () => {
    if (!recording) expect(Object.keys(outcomes)).toEqual(Object.keys(cases));
  });
});

let ledger: LedgerUnderTest;
beforeAll(async () => {
  ledger = await startLedgerUnderTest();
});
afterAll(() => ledger.stop());
