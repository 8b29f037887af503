import type { Stage } from './stage.ts';

/** What an organisation's gateway says on its metrics page of the accesses that it asked the ledger for. */
export async function groupCounts(
  { founding }: Stage['run'],
  organisation: string,
): Promise<{ items: number; resubmitted: number }> {
  const { url } = founding.credentials.organisations.find(({ id }) => id === organisation)!;
  const page = new URL('/metrics', url);
  page.port = String(Number(page.port) + 100);
  const text = await (await fetch(page)).text();
  const counted = (what: string) =>
    Number(new RegExp(`^chartkey_access_${what}_total ([0-9]+)$`, 'm').exec(text)![1]);
  return { items: counted('items'), resubmitted: counted('resubmitted') };
}
