import type { Callers } from './callers.ts';
import { type Json, outcomeOf } from './outcome.ts';

/** The first items of a stream, which it then closes. */
export async function take<Item>(
  events: AsyncIterable<Item> & { close(): void },
  count: number,
): Promise<Item[]> {
  const items: Item[] = [];
  try {
    for await (const item of events) {
      items.push(item);
      if (items.length === count) break;
    }
  } finally {
    events.close();
  }
  return items;
}

/** Commits a transaction with an event, and tells its block. */
export async function announce(callers: Callers, name: string, payload = name): Promise<bigint> {
  const commit = await callers.contract().submitAsync('announce', { arguments: [name, payload] });
  return (await commit.getStatus()).blockNumber;
}

/** The first thing a stream gives, or how it ends. */
export async function first(opening: Promise<AsyncIterable<unknown> & { close(): void }>): Promise<Json> {
  const events = await opening;
  return outcomeOf(take(events, 1).then((items) => (items.length > 0 ? 'served' : 'ended')));
}
