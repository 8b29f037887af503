import { eventCursor, Opening } from '@chartkey/vocabulary';
import type { OnConflictBuilder, Transaction } from 'kysely';
import { type Announcement, FIRST_PLACE } from '../events/announcements.ts';
import { BlockBroken } from '../ledger/chain.ts';
import type { LedgerBlock } from '../ledger/ledger.ts';
import { insertAll, portions } from './portions.ts';
import type { IndexTables, ReviewRow } from './tables.ts';

/*
 * Time alone writes nothing on a ledger, so that a review is overdue stands in no block. It is told once, before
 * all else of the first block whose time is past the deadline: there every gateway tells it, whenever it reads.
 */

type Writing = Transaction<IndexTables>;

/**
 * Keeps which reviews blocks begin and end to await.
 * @returns what the blocks' times make overdue
 */
export async function reviewsIn(
  transaction: Writing,
  blocks: readonly LedgerBlock[],
): Promise<Announcement[]> {
  const latest = blocks.map(timeOf).sort().at(-1) ?? '';
  const due = new Map((await untold(transaction, latest)).map((row) => [row.opening, row]));
  const opened = new Map<string, ReviewRow>();
  const reviewed: string[] = [];
  const announced: Announcement[] = [];
  for (const block of blocks) {
    const awaited = [...due.values(), ...opened.values()];
    announced.push(...(await told(transaction, awaited, { time: timeOf(block), block: block.number })));
    for (const { row, review } of openingsIn(block)) {
      const { opening } = row;
      if (!review && !due.has(opening) && !opened.has(opening)) opened.set(opening, row);
      if (!review) continue;
      due.delete(opening);
      opened.delete(opening);
      reviewed.push(opening);
    }
  }
  for (const some of portions(reviewed)) {
    await transaction.deleteFrom('reviews').where('opening', 'in', some).execute();
  }
  await insertAll([...opened.values()], (rows) =>
    transaction.insertInto('reviews').values(rows).onConflict(onceOnly),
  );
  return announced;
}

const onceOnly = (conflict: OnConflictBuilder<IndexTables, 'reviews'>) =>
  conflict.column('opening').doNothing();

/** What is overdue at a time that no block has shown yet: it stands before all of the block that comes next. */
export async function overdueBefore(
  transaction: Writing,
  { time, block }: { time: string; block: number },
): Promise<Announcement[]> {
  return told(transaction, await untold(transaction, time), { time, block });
}

/** Is there a review that is overdue at a time and was not told of? */
export async function untold(transaction: Pick<Writing, 'selectFrom'>, time: string): Promise<ReviewRow[]> {
  const reviews = transaction.selectFrom('reviews').selectAll();
  return reviews.where('told', '=', 0).where('review_by', '<', time).execute();
}

/** Notes that these are told of, and where. */
async function told(
  transaction: Writing,
  awaited: readonly ReviewRow[],
  { time, block }: { time: string; block: number },
): Promise<Announcement[]> {
  const overdue = awaited.filter((row) => row.told === 0 && row.review_by < time);
  if (overdue.length === 0) return [];
  for (const row of overdue) row.told = 1;
  for (const some of portions(overdue.map(({ opening }) => opening))) {
    await transaction.updateTable('reviews').set({ told: 1 }).where('opening', 'in', some).execute();
  }
  const before = await lastIn(transaction, block);
  return overdue.sort(inOrder).map((row, at) => announcementOf(row, block, before + 1 + at));
}

/** The last place of a block's overdue reviews that were told of before it came; 0 for none. */
async function lastIn(transaction: Writing, block: number): Promise<number> {
  const last = await transaction
    .selectFrom('events')
    .select('place')
    .where('block', '=', block)
    .where('place', '<', FIRST_PLACE)
    .orderBy('place', 'desc')
    .limit(1)
    .executeTakeFirst();
  return last?.place ?? 0;
}

function announcementOf(row: ReviewRow, block: number, place: number): Announcement {
  const { opening, patient, organisation, review_by, transaction, block: opened } = row;
  const said = { time: review_by, transaction, block: opened };
  const event = {
    ...{ cursor: eventCursor(block, place), kind: 'review-overdue' as const, ...said },
    ...{ patient, organisation, opening },
  };
  return { block, place, event, patient, organisation };
}

function inOrder(one: ReviewRow, other: ReviewRow): number {
  if (one.review_by !== other.review_by) return one.review_by < other.review_by ? -1 : 1;
  return one.opening < other.opening ? -1 : 1;
}

/** A block's ledger time, an `Instant`: the latest of its valid transactions; empty when it has none. */
function timeOf({ transactions }: LedgerBlock): string {
  const times = transactions.filter(({ valid }) => valid).map(({ time }) => time);
  return times.sort().at(-1) ?? '';
}

/** @throws BlockBroken for an opening of another shape than this gateway knows */
function openingsIn({ number, transactions }: LedgerBlock): { row: ReviewRow; review: boolean }[] {
  return transactions
    .filter(({ valid }) => valid)
    .flatMap(({ id, writes }) =>
      writes
        .filter(({ objectType, value }) => objectType === 'opening' && value !== undefined)
        .map(({ value }) => {
          const parsed = Opening.safeParse(value);
          if (!parsed.success)
            throw new BlockBroken(number, 'its opening value cannot be read', parsed.error);
          const { opening, patient, organisation, reviewBy, review } = parsed.data;
          const place = { transaction: id, block: number };
          const row = { opening, patient, organisation, review_by: reviewBy, told: 0, ...place };
          return { row, review: review !== undefined };
        }),
    );
}
