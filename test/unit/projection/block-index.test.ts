import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import fc from 'fast-check';
import type { LedgerBlock } from '../../../gateway/src/ledger/ledger.ts';
import { BlockIndex } from '../../../gateway/src/projection/block-index.ts';
import type { Database } from '../../../gateway/src/projection/database.ts';
import type { IndexTables } from '../../../gateway/src/projection/tables.ts';
import * as story from './chain-story.ts';
import { grantId, life, patient } from './patient-life.ts';

const { base32 } = story;
const tables: (keyof IndexTables)[] = [
  ...(['checkpoints', 'accesses', 'statements', 'grants', 'records'] as const),
  ...(['versions', 'devices', 'patients', 'audit_queries'] as const),
];

/** All rows of all tables, in an order that does not depend on how they were written. */
async function everything(database: Database): Promise<Record<string, string[]>> {
  const found: Record<string, string[]> = {};
  for (const table of tables) {
    const rows = await database.selectFrom(table).selectAll().execute();
    found[table] = rows.map((row) => JSON.stringify(row)).sort();
  }
  return found;
}

let folder: ReturnType<typeof story.temporaryFolder>;
const open = (name: string) => BlockIndex.open({ folder: join(folder.path, name), network: story.NETWORK });
beforeEach(() => {
  folder = story.temporaryFolder();
});
afterEach(() => folder.remove());

/** The rows after blocks taken in portions; the index is closed and opened again where `reopens` says. */
async function rowsOf(name: string, portions: LedgerBlock[][], reopens: boolean[] = []) {
  let index = await open(name);
  for (const [at, blocks] of portions.entries()) {
    await index.take(blocks);
    if (!reopens[at]) continue;
    await index.close();
    index = await open(name);
  }
  const rows = await everything(index.database);
  await index.close();
  return rows;
}

describe('the index', () => {
  test('has one row for each thing that valid transactions did, with its transaction and block', async () => {
    const rows = await rowsOf('whole', [life]);
    const counts = Object.fromEntries(Object.entries(rows).map(([table, all]) => [table, all.length]));
    expect(counts).toEqual({
      ...{ checkpoints: 1, accesses: 9, statements: 5, grants: 2, records: 2 },
      ...{ versions: 3, devices: 1, patients: 1, audit_queries: 1 },
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

  test('goes on from the files that a kill leaves behind after any batch', async () => {
    const whole = await rowsOf('whole', [life]);
    const index = await open('killed');
    for (let at = 0; at < life.length; at += 1) {
      await index.take(life.slice(at, at + 1));
      cpSync(join(folder.path, 'killed'), join(folder.path, `left ${at}`), { recursive: true });
      const left = await open(`left ${at}`);
      expect(left.next()).toBe(at + 1);
      await left.close();
      expect(await rowsOf(`left ${at}`, [life])).toEqual(whole);
    }
    await index.close();
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
    await expect(index.take(twice)).rejects.toThrow('UNIQUE');
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
    const wrong = BlockIndex.open({ folder: join(folder.path, 'network'), network: 'another' });
    await expect(wrong).rejects.toThrow('delete the folder');
  });

  test('opens after a start that was cut short while it made the tables', async () => {
    const name = 'cut-short';
    mkdirSync(join(folder.path, name));
    const file = new DatabaseSync(join(folder.path, name, 'index.sqlite'));
    file.exec('CREATE TABLE accesses (stumble)');
    await expect(open(name)).rejects.toThrow('already exists');
    file.exec('DROP TABLE accesses');
    file.close();
    expect(await rowsOf(name, [life])).toEqual(await rowsOf('whole', [life]));
  });

  test('begins again when its file is damaged', async () => {
    const whole = await rowsOf('damaged', [life]);
    writeFileSync(join(folder.path, 'damaged', 'index.sqlite'), 'this is no database, and long enough');
    expect(await rowsOf('damaged', [life])).toEqual(whole);
  });
});
