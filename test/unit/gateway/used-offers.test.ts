import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { UsedOffers } from '../../../gateway/src/offers/used-offers.ts';
import { openFileStore } from '../../../gateway/src/vault/index.ts';

const minute = 60_000;
const root = mkdtempSync(join(tmpdir(), 'chartkey-offers-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
let now = Date.now();
const opened = async () => new UsedOffers(await openFileStore(root), () => now);
const [one, other] = ['a', 'b'].map((letter) => letter.repeat(26)) as [string, string];

test('an offer that was used stays used over a restart, until it has long expired', async () => {
  const used = await opened();
  await used.use(one);
  await expect(used.use(one)).rejects.toMatchObject({ code: 'OFFER_USED' });
  now += 19 * minute;
  const restarted = await opened();
  await expect(restarted.use(one)).rejects.toMatchObject({ code: 'OFFER_USED' });
  await restarted.use(other);
  now += 21 * minute;
  const files = await openFileStore(root);
  await restarted.use('c'.repeat(26));
  expect(await files.exists(one)).toBe(false);
});
