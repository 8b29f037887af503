import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { LedgerBlock } from '../../../gateway/src/ledger/ledger.ts';
import * as story from './chain-story.ts';
import { openIndex, rowsIn } from './index-rows.ts';
import { life } from './patient-life.ts';

let folder: ReturnType<typeof story.temporaryFolder>;
const open = (name: string) => openIndex(join(folder.path, name));
const rowsOf = (name: string, portions: LedgerBlock[][]) => rowsIn(join(folder.path, name), portions);
beforeEach(() => {
  folder = story.temporaryFolder();
});
afterEach(() => folder.remove());

describe('an index in a file', () => {
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

  test('of a version that told no events is filled anew', async () => {
    const whole = await rowsOf('older', [life]);
    const file = new DatabaseSync(join(folder.path, 'older', 'index.sqlite'));
    file.exec("DROP TABLE events; DROP TABLE reviews; DELETE FROM kysely_migration WHERE name >= '0003'");
    file.exec('DROP INDEX grants_by_origin; ALTER TABLE grants DROP COLUMN origin');
    for (const column of ['by_patient', 'corrects']) file.exec(`ALTER TABLE records DROP COLUMN ${column}`);
    for (const index of ['organisation', 'custodian']) file.exec(`DROP INDEX accesses_by_${index}_block_nth`);
    for (const column of ['organisation', 'custodian', 'place']) {
      file.exec(`ALTER TABLE accesses DROP COLUMN ${column}`);
    }
    file.close();
    const index = await open('older');
    expect(index.next()).toBe(0);
    await index.close();
    expect(await rowsOf('older', [life])).toEqual(whole);
  });

  test('begins again when its file is damaged', async () => {
    const whole = await rowsOf('damaged', [life]);
    writeFileSync(join(folder.path, 'damaged', 'index.sqlite'), 'this is no database, and long enough');
    expect(await rowsOf('damaged', [life])).toEqual(whole);
  });
});
