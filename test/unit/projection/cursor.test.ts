import fc from 'fast-check';
import { Cursors } from '../../../gateway/src/projection/cursor.ts';
import { Lists } from '../../../gateway/src/projection/lists.ts';
import * as story from './chain-story.ts';
import { FilledIndex, failure, look, me } from './filled-index.ts';

const { id } = story;
const patient = id('patient');
const other = id('other patient');

let filled: FilledIndex;
let lists: Lists;
beforeEach(async () => {
  filled = await FilledIndex.open();
  lists = filled.lists;
});
afterEach(() => filled.close());
const commit = (...make: story.MakeWrites[]) => filled.commit(...make);

test('no list is served before the index has caught up', async () => {
  const behind = new Lists(filled.index.database, () => false);
  await expect(behind.accessesOf(patient, me)).rejects.toEqual(failure('INDEX_BEHIND'));
  await expect(behind.devicesOf('RiversideMSP', me, 0)).rejects.toEqual(failure('INDEX_BEHIND'));
});

describe('a cursor', () => {
  const firstCursor = async () => {
    await commit(look(...Array.from({ length: 60 }, () => ({ patient }))));
    const { next } = await lists.accessesOf(patient, me);
    return next ?? '';
  };

  test('serves only the list, the filter and the asker it was made for', async () => {
    const cursor = await firstCursor();
    expect((await lists.accessesOf(patient, { ...me, cursor })).items).toHaveLength(10);
    const wrong = [
      () => lists.accessesOf(patient, { asker: id('another'), cursor }),
      () => lists.accessesOf(other, { ...me, cursor }),
      () => lists.auditAccesses({ patient }, { ...me, cursor }),
      () => lists.recordsOf(patient, { ...me, cursor }),
      () => new Lists(filled.index.database, () => true).accessesOf(patient, { ...me, cursor }),
    ];
    for (const ask of wrong) await expect(ask()).rejects.toEqual(failure('CURSOR_INVALID'));
    const audit = (await lists.auditAccesses({ patient, organisation: undefined }, me)).next ?? '';
    expect((await lists.auditAccesses({ patient }, { ...me, cursor: audit })).items).toHaveLength(10);
    const more = lists.auditAccesses({ patient, decision: 'granted' }, { ...me, cursor: audit });
    await expect(more).rejects.toEqual(failure('CURSOR_INVALID'));
  });

  test('that was not made here is refused, whatever it is', async () => {
    const cursor = await firstCursor();
    const garbage = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 700 }),
      fc.base64String(),
      fc.json(),
      fc
        .tuple(fc.nat(cursor.length - 1), fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }))
        .map(([at, letter]) => cursor.slice(0, at) + letter + cursor.slice(at + 1)),
      fc.nat(cursor.length - 1).map((at) => cursor.slice(0, at)),
      fc.string().map((more) => `${cursor}${more}`),
    );
    await fc.assert(
      fc.asyncProperty(garbage, async (text) => {
        fc.pre(text !== cursor);
        await expect(lists.accessesOf(patient, { ...me, cursor: text })).rejects.toEqual(
          failure('CURSOR_INVALID'),
        );
      }),
      { numRuns: 500, seed: 4 },
    );
  });

  test('outlives the process when the secret does', async () => {
    const secret = Buffer.alloc(32, 7);
    const sealed = new Cursors(secret).seal(['list'], [3, 4]);
    expect(new Cursors(secret).open(['list'], sealed)).toEqual([3, 4]);
  });
});
