import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readLateEntry } from '@chartkey/rules';
import { nodeSignatureChecks as checks } from '@chartkey/rules/node';
import { Failure, queries, transactions } from '@chartkey/vocabulary';
import { compare } from '../../../gateway/src/away/missing.ts';
import { Notes } from '../../../gateway/src/away/notes.ts';
import { Witness } from '../../../gateway/src/away/witness.ts';
import { gatewayDevice } from '../../../gateway/src/release/index.ts';
import { openFileStore } from '../../../gateway/src/vault/index.ts';
import { signJson, statement, statementIdOf, testKey } from '../../support/signing.ts';
import { TestConsortium } from '../release/consortium.ts';

const DAY = 86_400_000;
const root = mkdtempSync(join(tmpdir(), 'chartkey-witness-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const { genesis, network } = new TestConsortium();
const [hospital, own] = ['LakesideMSP', 'RiversideMSP'] as const;
const key = testKey();
const physician = testKey();
const theirs = {
  ...{ device: key.id, organisation: hospital, sig: key.publicJwk, enc: testKey().publicJwk },
  use: 'gateway',
};
const patient = testKey().id;
let folders = 0;
let notes: Notes;
beforeEach(async () => {
  folders += 1;
  notes = await Notes.open(await openFileStore(join(root, String(folders))));
});
const witnessOf = (most?: number) =>
  new Witness({
    ...{ network, genesis, organisation: own, checks, notes, now: Date.now },
    device: gatewayDevice({ sig: { ...testKey().jwk }, enc: { ...testKey().jwk } }),
    devices: { approved: async () => theirs },
    ...(most !== undefined && { most }),
  });

/** An entry signed by the other hospital's gateway; `change` spoils it. */
function entryOf(number: number, { change = {}, time = Date.now() } = {}): string {
  const opening = statement(
    {
      ...{ iss: physician.id, aud: network, seq: 1, act: 'openBreakGlass', patient, device: key.id },
      ...{ reason: 'unconscious', text: 'A'.repeat(43), minutes: 60 },
    },
    physician,
  );
  const second = statement(
    { iss: physician.id, aud: network, seq: 2, act: 'secondBreakGlass', opening: statementIdOf(opening) },
    physician,
  );
  const about = { network, organisation: hospital, number, record: 'a'.repeat(26), version: 1, patient };
  const claims = { ...about, time: new Date(time).toISOString(), opening, second, ...change };
  return signJson({ alg: 'ES256', kid: key.id, typ: 'chartkey-late-entry+jwt' }, claims, key);
}

const code = (expected: string) => expect.objectContaining({ code: expected });

test.each([
  ['an opening that is none', { opening: 'a.b.c' }],
  ['a second that is none', { second: 'a.b.c' }],
  ['an opening for another patient', { patient: testKey().id }],
])('bears no witness to an entry with %s: no dispute could be made of it', async (_what, change) => {
  await expect(witnessOf().bear(entryOf(1, { change }))).rejects.toEqual(code('LATE_ENTRY_INVALID'));
  expect(notes.last(hospital)).toBe(0);
});

test('a hospital has so many entries kept that are not on the ledger yet, and more once they are', async () => {
  const witness = witnessOf(2);
  const entries = [1, 2, 3].map((number) => entryOf(number));
  await witness.bear(entries[0]!);
  await witness.bear(entries[1]!);
  await expect(witness.bear(entries[2]!)).rejects.toEqual(code('BREAK_GLASS_LIMIT'));
  await witness.bear(entries[1]!);
  await notes.put(hospital, 1, { ...notes.get(hospital, 1)!, done: true });
  await witness.bear(entries[2]!);
  expect(notes.last(hospital)).toBe(3);
});

describe('what a witness compares with the ledger', () => {
  /** A ledger with nothing anchored, that refuses to hear of one entry. */
  function ledgerRefusing(refused?: string) {
    const asked: string[] = [];
    return {
      asked,
      async evaluate(query: string): Promise<unknown> {
        expect(query).toBe(queries.lateEntry);
        throw new Failure('ACCESS_UNKNOWN');
      },
      async submit(transaction: string, input: unknown) {
        expect(transaction).toBe(transactions.reportMissingEntry);
        const { entry } = input as { entry: string };
        asked.push(entry);
        if (entry === refused) throw new Failure('LATE_ENTRY_INVALID');
        return { transaction: 'a'.repeat(64), block: 1, result: {} };
      },
    };
  }
  const keep = (number: number, time: number) => {
    const entry = entryOf(number, { time });
    return notes.put(hospital, number, { entry, witnessed: 'a.b.c', done: false }).then(() => entry);
  };

  test('one that the ledger refuses keeps no other from becoming a dispute', async () => {
    const old = Date.now() - 2 * DAY;
    const [first, second] = [await keep(1, old), await keep(2, old)];
    const ledger = ledgerRefusing(first);
    await expect(compare(notes, hospital, ledger, Date.now)).rejects.toEqual(code('LATE_ENTRY_INVALID'));
    expect(ledger.asked).toEqual([first, second]);
    expect(notes.open(hospital).map(({ number }) => number)).toEqual([1]);
  });

  test('what its hospital still has time for costs no transaction', async () => {
    await keep(1, Date.now() - DAY + 60_000);
    const late = await keep(2, Date.now() - DAY - 60_000);
    const ledger = ledgerRefusing();
    await compare(notes, hospital, ledger, Date.now);
    expect(ledger.asked).toEqual([late]);
    expect(readLateEntry(notes.open(hospital)[0]!.entry).claims.number).toBe(1);
  });
});
