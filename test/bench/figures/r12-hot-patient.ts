import { randomBytes } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { Patient } from '@chartkey/client';
import { CommitError, EndorseError, GatewayError, StatusCode } from '@hyperledger/fabric-gateway';
import { type Changes, changing } from '../changing.ts';
import { perSecond } from '../crowd.ts';
import type { Bench, Result } from '../figure.ts';
import { checkLiveGrants } from '../live-grants.ts';
import { checkLogged } from '../logged.ts';
import { groupCounts } from '../metrics-page.ts';
import { persistently } from '../raw-client.ts';
import { NotRead, Reader } from '../reads.ts';
import { CONTENT, patientsWithRecord } from '../records.ts';
import { median } from '../rounds.ts';
import { grantLakeside, type Stage, USUAL } from '../stage.ts';

const IN_FLIGHT = 256;
const A_SECOND = 10;
const OTHERS = 63;

/** R12: how many reads have to be sent again while a patient grants and revokes ten times a second. */
export async function hotPatient(bench: Bench): Promise<Result[]> {
  const stage = await bench.stage(USUAL);
  const beside = await usual(bench);
  const others = await patientsWithRecord(stage.river, 'RiversideMSP', OTHERS);
  await Promise.all(others.map(({ patient }) => grantLakeside(patient)));
  const cases = [
    { id: 'R12', whose: 'all of them of that patient', records: [] },
    {
      id: 'R12 neighbours',
      whose: `of ${OTHERS + 1} patients, one of them that one`,
      records: others.map(({ record }) => record),
    },
  ];
  const results: Result[] = [];
  for (const { id, whose, records } of cases) {
    const [hot] = await patientsWithRecord(stage.river, 'RiversideMSP', 1);
    const { patient, record } = hot!;
    const { share, notes } = await whileToggling(bench, stage, patient, [record, ...records]);
    results.push({
      id,
      measured: `logged reads sent to the ledger again, ${IN_FLIGHT} in flight at another hospital, ${whose}, who grants and revokes ${A_SECOND} times a second`,
      ...{ beside, unit: '%', goal: { atMost: 1 }, figure: share, notes },
    });
  }
  return results;
}

async function whileToggling({ effort }: Bench, stage: Stage, patient: Patient, records: string[]) {
  const reader = new Reader(stage.lake, records, CONTENT);
  const refused = new Map<number, number>();
  const read = async () => {
    try {
      await reader.read();
    } catch (error) {
      if (!(error instanceof NotRead)) throw error;
      refused.set(error.status, (refused.get(error.status) ?? 0) + 1);
    }
  };
  const shares: number[] = [];
  const rates: number[] = [];
  let changed = 0;
  try {
    for (let round = 0; round <= effort.rounds; round += 1) {
      await reader.refresh();
      const before = await groupCounts(stage.run, 'LakesideMSP');
      const changes = await toggling(patient);
      // What is on its way at the end is read without changes beside it.
      const over = pause(effort.milliseconds).then(() => changes.stop());
      const [rate] = await Promise.all([perSecond(IN_FLIGHT, effort.milliseconds, read), over]);
      const after = await groupCounts(stage.run, 'LakesideMSP');
      changed += changes.done;
      rates.push(rate);
      const share = (100 * (after.resubmitted - before.resubmitted)) / (after.items - before.items);
      if (round > 0) shares.push(share);
      process.stderr.write(`  ${share.toFixed(1)} % of ${after.items - before.items} sent again\n`);
    }
  } finally {
    reader.close();
  }
  const aSecond = (changed * 1000) / (effort.milliseconds * (effort.rounds + 1));
  const { revocations, covered } = await checkLiveGrants(stage, patient.id);
  const answers = [...refused].map(([status, many]) => `${many} answered ${status}`);
  return {
    share: median(shares),
    notes: [
      `${median(rates).value.toFixed(0)} reads/s; ${aSecond.toFixed(1)} revocations a second; ${answers.join(', ') || 'none refused'}`,
      `${covered} entries of the patient, each by a grant that was live where it stands on the chain, among ${revocations} revocations; ${await checkLogged(stage, reader.accesses)}`,
    ],
  };
}

/** A fresh grant, then the former one is taken back: one is live at any time. */
async function toggling(patient: Patient): Promise<Changes> {
  let former = grantLakeside(patient);
  await former;
  return changing(A_SECOND, async () => {
    const [last, fresh] = [former, grantLakeside(patient)];
    former = fresh;
    await fresh;
    await patient.revoke((await last).id);
  });
}

/** A record that counts its looks, 64 of them in flight, while its grants change as often. */
async function usual(bench: Bench): Promise<string> {
  const { contract, close } = (await bench.baseline()).connect('RiversideMSP');
  const id = randomBytes(8).toString('hex');
  let [looks, conflicts] = [0, 0];
  const unlessConflict = async (name: string) => {
    try {
      await contract.submitTransaction(`looks:${name}`, id, 'LakesideMSP');
      return 0;
    } catch (error) {
      if (error instanceof CommitError && error.code === StatusCode.MVCC_READ_CONFLICT) return 1;
      // Peers of which one has a change already and another not yet say different things.
      if (error instanceof EndorseError) return 1;
      if (error instanceof GatewayError) return 0;
      throw error;
    }
  };
  try {
    await persistently(contract, 'looks:create', id, 'LakesideMSP', '2');
    const changes = changing(A_SECOND, () => unlessConflict('regrant'));
    const look = async () => {
      looks += 1;
      conflicts += await unlessConflict('lookCounted');
    };
    await perSecond(64, bench.effort.milliseconds * 2, look).finally(() => changes.stop());
    const share = (100 * conflicts) / looks;
    return `a record that remembers who looked last, 64 looks in flight: ${share.toFixed(1)} % of ${looks} transactions conflicted, in the block or between peers`;
  } finally {
    close();
  }
}
