/** Items of a page. */
const PAGE_SIZE = 50;
/** Rows that one page may cost when a filter leaves most of them out. */
const MOST_ROWS = 5_000;
const PORTION = 250;

/** How a list is read from its rows. */
export interface Reading<Row, Key, Item> {
  /** the rows after a key in the list's order (from the beginning without one), `limit` at most */
  rows(after: Key | undefined, limit: number): Promise<Row[]>;
  keyOf(row: Row): Key;
  /** the item of a row; undefined when the list leaves it out */
  itemOf(row: Row): Item | undefined;
}

/**
 * Reads one page. Rows that are left out do not make it shorter, up to a bound on the rows looked at:
 * beyond it the page ends early.
 * @param after the last row looked at before this page
 * @returns the items, and the key of the last row looked at unless the list ends here
 */
export async function readPage<Row, Key, Item>(
  { rows, keyOf, itemOf }: Reading<Row, Key, Item>,
  after: Key | undefined,
): Promise<{ items: Item[]; last?: Key }> {
  const items: Item[] = [];
  let last = after;
  let looked = 0;
  for (let limit = PAGE_SIZE + 1; ; limit = PORTION) {
    const portion = await rows(last, limit);
    for (const row of portion) {
      const item = itemOf(row);
      const isFull = looked >= MOST_ROWS || (item !== undefined && items.length === PAGE_SIZE);
      if (isFull && last !== undefined) return { items, last };
      if (item !== undefined) items.push(item);
      last = keyOf(row);
      looked += 1;
    }
    if (portion.length < limit) return { items };
  }
}
