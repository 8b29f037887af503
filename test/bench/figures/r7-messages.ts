import { randomBytes } from 'node:crypto';
import { openBaseline } from '../baseline-ledger.ts';
import { CountedUnderneath } from '../counted-underneath.ts';
import { type Bench, counted, type Result } from '../figure.ts';
import { ITEMS, LedgerDevice } from '../ledger-device.ts';
import { persistently } from '../raw-client.ts';
import { patientsWithRecord, storeRecords } from '../records.ts';
import type { ShimCount } from '../shim-relay.ts';
import { grantLakeside } from '../stage.ts';

/** R7: what a chaincode asks its peer for while it decides, counted on the stream between the two. */
export async function messages(bench: Bench): Promise<Result[]> {
  const stage = await bench.countedStage();
  const beside = await usual(bench);
  const others = await patientsWithRecord(stage.river, 'RiversideMSP', ITEMS);
  await Promise.all(others.map(({ patient }) => grantLakeside(patient)));
  const cases = [
    { whose: 'one patient', records: await storeRecords(stage, ITEMS) },
    { whose: `${ITEMS} patients`, records: others.map(({ record }) => record) },
  ];
  const lake = new LedgerDevice(stage, stage.lake);
  const seen: { whose: string; count: ShimCount }[] = [];
  try {
    for (const { whose, records } of cases) {
      seen.push({ whose, count: stage.countOf((await lake.ask(records)).transaction) });
    }
  } finally {
    lake.close();
  }
  const said = seen.map(({ whose, count }) => {
    const { all, objects, puts } = count;
    return `${ITEMS} reads of ${whose} by their grants: ${all} messages for ${objects} objects, ${puts} put, so ${(all / ITEMS).toFixed(2)} messages a read`;
  });
  const most = (of: (count: ShimCount) => number) => counted(Math.max(...seen.map(({ count }) => of(count))));
  return [
    {
      id: 'R7 messages',
      measured: `messages of the chaincode to its peer in one authorise of ${ITEMS}, more than the objects that it concerns`,
      ...{ beside: beside.said, unit: 'messages', goal: { atMost: 2 } },
      figure: most(({ all, objects }) => all - objects),
      notes: [...said, ...beside.notes],
    },
    {
      id: 'R7 puts',
      measured: `writes in one authorise of ${ITEMS}`,
      ...{ beside: `${ITEMS} in as many transfers`, unit: 'puts', goal: { atMost: 1 } },
      ...{ figure: most(({ puts }) => puts), notes: [] },
    },
  ];
}

/** The same count for the ordinary contract of assets, whose transactions concern one asset each. */
async function usual(bench: Bench): Promise<{ said: string; notes: string[] }> {
  let relays: CountedUnderneath | undefined;
  const baseline = await openBaseline(bench.ledger, bench.portBase(), (underneath) => {
    relays = new CountedUnderneath(underneath);
    return relays;
  });
  const client = baseline.connect('RiversideMSP');
  try {
    const id = randomBytes(8).toString('hex');
    await persistently(client.contract, 'assets:create', id, 'somebody', 'something', '1');
    // What is counted happens while a transaction is endorsed.
    const countOf = async (name: string, ...words: string[]) => {
      const proposal = client.contract.newProposal(`assets:${name}`, { arguments: [id, ...words] });
      return relays!.of((await proposal.endorse()).getTransactionId());
    };
    const [transfer, update] = [await countOf('transfer', 'another'), await countOf('update', 'other', '2')];
    return {
      said: `the ordinary contract of assets: a transfer ${transfer.all} messages, an update ${update.all}, one asset a transaction`,
      notes: [
        `assets: ${ITEMS} transfers ${transfer.all * ITEMS} messages, ${ITEMS} updates ${update.all * ITEMS}`,
      ],
    };
  } finally {
    client.close();
    await baseline.remove();
    relays?.stop();
  }
}
