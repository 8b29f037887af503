import { randomBytes } from 'node:crypto';
import type { AccessItem } from '@chartkey/vocabulary';
import { blocksFrom } from '../support/chain-order.ts';
import { sharedConsortium } from '../support/consortium.ts';
import { entriesIn } from '../support/entries.ts';
import { connectAs, LedgerActor } from '../support/ledger-actor.ts';
import { cast } from '../support/rest-actors.ts';
import { share } from '../support/share.ts';

const people = cast(sharedConsortium().credentials);
const { river, lake, regulator } = people;
const ledger = connectAs('RegulatorMSP');
const lakeOnLedger = new LedgerActor('LakesideMSP');
afterAll(() => {
  ledger.close();
  lakeOnLedger.close();
});

test('what a patient is shown is what the blocks hold, entry by entry, at every organisation and on every page', async () => {
  const first = await ledger.height();
  const patient = await people.patient();
  const records = [
    await people.record(patient, randomBytes(10)),
    await people.record(patient, randomBytes(10)),
  ];
  const session = await lakeOnLedger.session();
  const item = (at: number): AccessItem => ({
    kind: 'read',
    session,
    record: records[at % 2]!,
    purpose: at % 3 === 0 ? 'HRESCH' : 'TREAT',
  });
  for (let round = 0; round < share(50, 2); round += 1) {
    await lake.read(records[0]!);
    const grant = await patient.grant('LakesideMSP', { maxUses: 20 });
    await lakeOnLedger.request(...Array.from({ length: 64 }, (_, at) => item(at)));
    await Promise.all([
      lake.read(records[1]!),
      river.read(records[0]!),
      lake.list(patient.id),
      river.list(patient.id),
    ]);
    await patient.revoke(grant);
    await Promise.all([lake.list(patient.id), regulator.read(records[0]!)]);
  }
  const path = `/v1/patients/${patient.id}/accesses`;
  const shown = await patient.pages(path);
  const inBlocks = entriesIn(await blocksFrom(ledger, first))
    .filter((entry) => entry.patient === patient.id)
    .map(({ session: _session, ...listed }) => ({
      ...listed,
      transaction: listed.access.slice(0, 64),
    }));
  expect(shown).toHaveLength(share(50, 2) * 71);
  expect(shown.toReversed()).toEqual(inBlocks);
  expect(await patient.pages(path, lake.organisation)).toEqual(shown);
  expect(await regulator.pages(path)).toEqual(shown);
  const audited = (await regulator.ask(`/v1/audit/accesses?patient=${patient.id}&decision=denied`)).json;
  expect(audited['items']).toEqual(shown.filter(({ decision }) => decision === 'denied').slice(0, 50));
});
