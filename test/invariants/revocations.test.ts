import { randomBytes } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { LedgerBlock } from '../../gateway/src/ledger/ledger.ts';
import { blocksFrom, isBefore, placesIn } from '../support/chain-order.ts';
import { Chance } from '../support/chance.ts';
import { sharedConsortium } from '../support/consortium.ts';
import { entriesIn } from '../support/entries.ts';
import { connectAs } from '../support/ledger-actor.ts';
import { cast } from '../support/rest-actors.ts';
import { type Answer, accepted, sendStatement } from '../support/rest-answers.ts';
import { type RestPatient } from '../support/rest-patient.ts';
import { seed, share, soaking } from '../support/share.ts';

const people = cast(sharedConsortium().credentials);
const { river, lake, regulator } = people;
const ledger = connectAs('RegulatorMSP');
const rounds = share(10_000, 5);
/** Patients whose rounds go on side by side. */
const SIDE_BY_SIDE = share(20, 1);
/** Rounds of each between two looks at the chain. */
const AT_ONCE = 25;
const content = randomBytes(900);

interface Lane {
  patient: RestPatient;
  record: string;
  chance: Chance;
}
type Raced = Awaited<ReturnType<typeof race>>;
let lanes: Lane[];

beforeAll(async () => {
  lanes = await Promise.all(
    Array.from({ length: SIDE_BY_SIDE }, async (_, at) => {
      const patient = await people.patient();
      return { patient, record: await people.record(patient, content), chance: new Chance(seed + at) };
    }),
  );
}, 120_000);
afterAll(() => ledger.close());

const transactionOf = ({ access }: Answer) => access.slice(0, 64);

/**
 * Grants, reads thrice, and revokes at once, after some milliseconds, or when one or two reads have their answer;
 * reads again once the revocation's 201 is there.
 */
async function race(through: string, { patient, record, chance }: Lane) {
  const grant = await patient.grant(lake.organisation.id);
  const reads = [0, 1, 2].map(async () => {
    await pause(chance.below(40));
    return lake.read(record);
  });
  const answered = chance.below(4);
  if (answered < 2) await pause(chance.below(60));
  else await Promise.all(reads.slice(0, answered - 1));
  const revoked = accepted(await sendStatement(through, patient.revocation(grant)));
  const [late, during] = await Promise.all([lake.read(record), Promise.all(reads)]);
  return { revoked: String(revoked['transaction']), late, during };
}

/** Along the chain: whenever an entry of a patient is granted to Lakeside, its grant stands at that point. */
function expectNoneWithoutGrant(patient: RestPatient, blocks: LedgerBlock[]): void {
  const live = new Set<string>();
  for (const block of blocks) {
    for (const transaction of block.transactions.filter(({ valid }) => valid)) {
      for (const { objectType, attributes, value } of transaction.writes) {
        if (objectType !== 'grants' || attributes[0] !== patient.id) continue;
        live.clear();
        for (const { grant } of (value as { grants: { grant: string }[] }).grants) live.add(grant);
      }
      const entries = entriesIn([{ ...block, transactions: [transaction] }]);
      for (const { patient: of, decision, grant } of entries) {
        if (of === patient.id && decision === 'granted') expect(live.has(String(grant))).toBe(true);
      }
    }
  }
}

/** @returns how many reads were served */
function check({ patient }: Lane, raced: Raced[], blocks: LedgerBlock[]): number {
  const places = placesIn(blocks);
  expectNoneWithoutGrant(patient, blocks);
  let granted = 0;
  for (const { revoked, late, during } of raced) {
    const revocation = places.get(revoked)!;
    expect([late.status, late.code]).toEqual([403, 'NO_GRANT']);
    expect(isBefore(revocation, places.get(transactionOf(late))!)).toBe(true);
    for (const read of during) {
      // A read that was granted may find its release refused, when the revocation came in between.
      if (read.status !== 200) {
        expect([read.status, read.code]).toEqual([403, 'NO_GRANT']);
        continue;
      }
      granted += 1;
      expect(read.bytes.equals(content)).toBe(true);
      expect(isBefore(places.get(transactionOf(read))!, revocation)).toBe(true);
    }
  }
  return granted;
}

test.each([
  ['the custodian’s', river.url],
  ['the asker’s', lake.url],
  ['a third', regulator.url],
])(
  'through %s gateway: no read is granted after the revocation’s block, and none that starts after its answer',
  async (_whose, through) => {
    let granted = 0;
    for (let done = 0; done < rounds; ) {
      const first = await ledger.height();
      const many = Math.min(AT_ONCE, Math.ceil((rounds - done) / lanes.length));
      const raced = await Promise.all(
        lanes.map(async (lane) => {
          const own: Raced[] = [];
          while (own.length < many) own.push(await race(through, lane));
          return own;
        }),
      );
      done += many * lanes.length;
      const blocks = await blocksFrom(ledger, first);
      for (const [at, lane] of lanes.entries()) granted += check(lane, raced[at]!, blocks);
      if (soaking) process.stderr.write(`${done} of ${rounds} rounds, ${granted} reads served\n`);
    }
    expect(granted).toBeGreaterThan(0);
  },
  share(10_000_000, 60_000),
);
