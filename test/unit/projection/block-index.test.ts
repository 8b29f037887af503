import { join } from 'node:path';
import fc from 'fast-check';
import type { LedgerBlock } from '../../../gateway/src/ledger/ledger.ts';
import * as story from './chain-story.ts';
import { everything, openIndex, rowsIn } from './index-rows.ts';
import { grantId, life, patient } from './patient-life.ts';

const { base32 } = story;
let folder: ReturnType<typeof story.temporaryFolder>;
const open = (name: string) => openIndex(join(folder.path, name));
const rowsOf = (name: string, ...blocks: Blocks) => rowsIn(join(folder.path, name), ...blocks);
type Blocks = [portions: LedgerBlock[][], reopens?: boolean[]];
beforeEach(() => {
  folder = story.temporaryFolder();
});
afterEach(() => folder.remove());

describe('the index', () => {
  test('has one row for each thing that valid transactions did, with its transaction and block', async () => {
    const rows = await rowsOf('whole', [life]);
    const counts = Object.fromEntries(Object.entries(rows).map(([table, all]) => [table, all.length]));
    expect(counts).toEqual({
      ...{ checkpoints: 1, accesses: 9, statements: 5, grants: 2, records: 2 },
      ...{ versions: 3, devices: 1, patients: 1, audit_queries: 1, events: 8, reviews: 0 },
    });
    const own = rows['grants']?.map((row) => JSON.parse(row)).find((row) => row.grant === grantId);
    const revocation = life.at(-2)?.transactions[1]?.id;
    expect(own).toMatchObject({ uses: 3, revoked_by: revocation, revoked_block: 8, block: 4 });
    const first = rows['records']?.map((row) => JSON.parse(row)).find((row) => row.version === 2);
    expect(first).toMatchObject({ record: base32('first'), block: 2, committed_at: story.instant(5) });
  });

  test('has the same rows however the blocks arrive, repeated, split or with restarts between', async () => {
    const whole = await rowsOf('whole', [life]);
    let run = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ size: fc.nat(4), back: fc.nat(2), reopen: fc.boolean() }), { maxLength: 12 }),
        async (steps) => {
          const portions: LedgerBlock[][] = [];
          let at = 0;
          for (const { size, back } of steps) {
            portions.push(life.slice(Math.max(0, at - back), at + size));
            at += size;
          }
          portions.push(life.slice(at));
          run += 1;
          const reopens = steps.map(({ reopen }) => reopen);
          expect(await rowsOf(`run ${run}`, portions, reopens)).toEqual(whole);
        },
      ),
      { numRuns: 25, seed: 4 },
    );
  });

  test('keeps nothing of a batch that fails in the middle, and takes it when it comes whole', async () => {
    const index = await open('failing');
    await index.take(life.slice(0, 4));
    const before = await everything(index.database);
    const twice = life.slice(4);
    twice[5] = {
      number: 9,
      transactions: [...(life[9]?.transactions ?? []), ...(life[2]?.transactions ?? [])],
    };
    await expect(index.take(twice)).rejects.toThrow(/unique/i);
    expect(await everything(index.database)).toEqual(before);
    expect(index.next()).toBe(4);
    await index.take(life.slice(4));
    expect(await everything(index.database)).toEqual(await rowsOf('whole', [life]));
    await index.close();
  });

  test('refuses a gap', async () => {
    const index = await open('gap');
    await expect(index.take(life.slice(1))).rejects.toThrow('block 0 was left out');
    await index.take(life.slice(0, 3));
    await expect(index.take([life[1], life[4]] as LedgerBlock[])).rejects.toThrow('block 3 was left out');
    expect(index.next()).toBe(3);
    await index.close();
  });

  test.each([
    ['a value of another shape', { objectType: 'record', attributes: ['x'], value: { record: 7 } }],
    ['a statement of another grammar', { objectType: 'statement', attributes: ['x'], value: {} }],
    ['a value that is no object', { objectType: 'accesses', attributes: ['x'], value: 'text' }],
  ])('refuses a block with %s rather than leave it out', async (_, write) => {
    const index = await open('shape');
    await expect(index.take(story.chain([story.transaction(1, () => [write])]))).rejects.toMatchObject({
      name: 'BlockBroken',
      block: 0,
    });
    expect(index.next()).toBe(0);
    await index.close();
  });

  test('ignores kinds of values it does not know', async () => {
    const write = { objectType: 'constructor', attributes: ['x'], value: {} };
    const index = await open('unknown');
    await index.take(story.chain([story.transaction(1, () => [write])]));
    expect(index.next()).toBe(1);
    await index.close();
  });

  test('flags entries that arrive more than 60 s after their time, and judges none it reads later', async () => {
    const look = (number: number) =>
      story.transaction(number, (tx) => [story.accessesWrite(tx, [{ patient }])]);
    const index = await open('late');
    const blocks = story.chain([look(1)], [look(2)], [look(3)]);
    await index.take(blocks.slice(0, 1));
    await index.take([{ ...(blocks[1] as LedgerBlock), arrivedAt: story.BEGIN + 62_000 }]);
    await index.take([{ ...(blocks[2] as LedgerBlock), arrivedAt: story.BEGIN + 63_001 }]);
    const rows = await index.database.selectFrom('accesses').select('late').orderBy('block').execute();
    expect(rows.map(({ late }) => late)).toEqual([null, 0, 1]);
    expect(index.lateEntries).toBe(1);
    await index.close();
  });

  test('of another network is refused with a word on what to do', async () => {
    await (await open('network')).close();
    const wrong = openIndex(join(folder.path, 'network'), 'another');
    await expect(wrong).rejects.toThrow('delete it, nothing is lost');
  });
});
