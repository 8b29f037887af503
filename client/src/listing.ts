import type { Shape } from './calls.ts';
import { UnexpectedAnswer } from './problems.ts';

/** One page of a list; `access` is the ledger's entry of a device's look at it. */
export interface ListedPage<Item> {
  items: Item[];
  next?: string | undefined;
  access?: string | undefined;
}

/**
 * A list, newest first, fetched page by page as it is read. Each new iteration asks anew.
 * `for await (const item of listing)`, or `pages()` to see cursors and access ids.
 */
export class Listing<Item> implements AsyncIterable<Item> {
  readonly #page: (cursor: string | undefined) => Promise<ListedPage<Item>>;

  constructor(page: (cursor: string | undefined) => Promise<ListedPage<Item>>) {
    this.#page = page;
  }

  /** @param cursor `next` of an earlier page, to go on from there */
  async *pages(cursor?: string): AsyncGenerator<ListedPage<Item>, void, undefined> {
    let at = cursor;
    do {
      const page = await this.#page(at);
      yield page;
      if (page.next !== undefined && page.next === at) {
        throw new UnexpectedAnswer('the list', 'its cursor does not move on');
      }
      at = page.next;
    } while (at !== undefined);
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Item, void, undefined> {
    for await (const page of this.pages()) yield* page.items;
  }

  /** The first items, at most so many. */
  async first(most: number): Promise<Item[]> {
    const items: Item[] = [];
    if (most <= 0) return items;
    for await (const item of this) {
      items.push(item);
      if (items.length >= most) break;
    }
    return items;
  }
}

export type PageShape<Item> = Shape<{ items: Item[]; next?: string | undefined }>;
