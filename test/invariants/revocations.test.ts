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
import { seed, share } from '../support/share.ts';

const people = cast(sharedConsortium().credentials);
const { river, lake, regulator } = people;
const ledger = connectAs('RegulatorMSP');
const rounds = share(10_000, 5);
/** Rounds between two looks at the chain. */
const AT_ONCE = 100;
const content = randomBytes(900);
let patient: RestPatient;
let record: string;

beforeAll(async () => {
  patient = await people.patient();
  record = await people.record(patient, content);
});
afterAll(() => ledger.close());

const transactionOf = ({ access }: Answer) => access.slice(0, 64);

/**
 * Grants, reads thrice, and revokes at once, after some milliseconds, or when one or two reads have their answer;
 * reads again once the revocation's 201 is there.
 */
async function race(through: string, chance: Chance) {
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

/** Along the chain: whenever an entry of this patient is granted to Lakeside, its grant stands at that point. */
function expectNoneWithoutGrant(blocks: LedgerBlock[]): void {
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
function check(raced: Awaited<ReturnType<typeof race>>[], blocks: LedgerBlock[]): number {
  const places = placesIn(blocks);
  expectNoneWithoutGrant(blocks);
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
    const chance = new Chance(seed);
    let granted = 0;
    for (let done = 0; done < rounds; done += AT_ONCE) {
      const first = await ledger.height();
      const raced: Awaited<ReturnType<typeof race>>[] = [];
      while (raced.length < Math.min(AT_ONCE, rounds - done)) raced.push(await race(through, chance));
      granted += check(raced, await blocksFrom(ledger, first));
    }
    expect(granted).toBeGreaterThan(0);
  },
  share(10_000_000, 60_000),
);
