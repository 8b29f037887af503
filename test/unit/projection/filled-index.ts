import { join } from 'node:path';
import type { FailureCode } from '@chartkey/vocabulary';
import type { Page } from '../../../gateway/src/gateway.ts';
import type { LedgerBlock, LedgerTransaction } from '../../../gateway/src/ledger/ledger.ts';
import type { BlockIndex } from '../../../gateway/src/projection/block-index.ts';
import { Lists } from '../../../gateway/src/projection/lists.ts';
import * as story from './chain-story.ts';
import { openIndex } from './index-rows.ts';

export const me = { asker: story.id('ehr') };
export const failure = (code: FailureCode) => expect.objectContaining({ name: 'Failure', code });

/** An index, its lists, and a chain that grows by a block per transaction. */
export class FilledIndex {
  private constructor(
    readonly folder: ReturnType<typeof story.temporaryFolder>,
    readonly index: BlockIndex,
  ) {
    this.lists = new Lists(index.database, () => true);
  }
  readonly lists: Lists;
  /** transactions so far */
  number = 0;

  static async open(): Promise<FilledIndex> {
    const folder = story.temporaryFolder();
    const index = await openIndex(join(folder.path, 'index'));
    return new FilledIndex(folder, index);
  }

  async commit(...make: story.MakeWrites[]): Promise<LedgerTransaction[]> {
    const transactions = make.map((writes) => story.transaction(++this.number, writes));
    const blocks: LedgerBlock[] = transactions.map((transaction, at) => ({
      number: this.index.next() + at,
      transactions: [transaction],
    }));
    await this.index.take(blocks);
    return transactions;
  }

  async close(): Promise<void> {
    await this.index.close();
    this.folder.remove();
  }
}

export const look =
  (...entries: Parameters<typeof story.accessesWrite>[1]): story.MakeWrites =>
  (tx) => [story.accessesWrite(tx, entries)];

/** All pages of a list; between two of them something else may happen. */
export async function allPages<Item>(
  list: (request: { asker: string; cursor?: string }) => Promise<Page<Item>>,
  between: () => Promise<unknown> = async () => {},
): Promise<Item[][]> {
  const pages: Item[][] = [];
  let cursor: string | undefined;
  do {
    const { items, next } = await list({ ...me, ...(cursor !== undefined && { cursor }) });
    pages.push(items);
    cursor = next;
    await between();
  } while (cursor !== undefined);
  return pages;
}
