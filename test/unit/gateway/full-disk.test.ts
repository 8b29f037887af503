import { instantAt } from '@chartkey/vocabulary';
import type { Away } from '../../../gateway/src/away/away.ts';
import { awayVerbs } from '../../../gateway/src/away/verbs.ts';
import { Emergencies } from '../../../gateway/src/emergencies/emergencies.ts';
import { Lanes } from '../../../gateway/src/events/lanes.ts';
import { News } from '../../../gateway/src/events/news.ts';
import { Webhooks, type WebhooksParts } from '../../../gateway/src/events/webhooks.ts';
import type { Caller } from '../../../gateway/src/gateway.ts';
import { NotInVault, Tampered, VaultFull } from '../../../gateway/src/vault/index.ts';
import { eventually } from '../../journeys/cast.ts';
import { standingOf } from '../../support/standing.ts';

const patient = `${'P'.repeat(42)}A`;
const caller = (subject: 'device' | 'patient'): Caller => ({
  session: {
    ...{ session: 's'.repeat(43), subject, id: patient, startedBy: 'RiversideMSP', purposes: [] },
    until: instantAt(Date.now() + 60_000),
  },
});
const code = (expected: string) => expect.objectContaining({ code: expected });
const fails = (error: Error) => () => Promise.reject(error);

test('words about an emergency that find no room are refused as such', async () => {
  const emergencies = new Emergencies({
    ledger: { evaluate: async () => ({ ...standingOf(patient), nextSeq: 2 }) },
    reasons: { keep: fails(new VaultFull()) },
    present: async (one: Caller) => one,
  } as never);
  await expect(emergencies.keepReason(caller('device'), patient, { words: 'words' })).rejects.toEqual(
    code('VAULT_FULL'),
  );
});

test('a webhook that finds no room is refused as such', async () => {
  const webhooks = await Webhooks.open({
    notes: { all: async () => [], put: fails(new VaultFull()) },
    egress: { check: () => undefined },
    calls: { challenge: async () => true },
    ...{ lanes: new Lanes(1, 1), perOwner: 1, now: Date.now, present: async () => '0.0' },
  } as unknown as WebhooksParts);
  const request = { url: 'https://events.example/' };
  await expect(webhooks.add(caller('patient'), { patient }, request)).rejects.toEqual(code('VAULT_FULL'));
});

test('a webhook that finds no room for a change goes on as it was', async () => {
  let isFull = false;
  let pages = 0;
  const webhooks = await Webhooks.open({
    notes: {
      all: async () => [],
      put: async () => {
        if (isFull) throw new VaultFull();
      },
    },
    log: {
      page: async (_owner: unknown, after: string) => {
        pages += 1;
        return { events: [], after, more: false };
      },
    },
    news: new News(),
    egress: { check: () => undefined },
    calls: { challenge: async () => true },
    ...{ lanes: new Lanes(1, 1), perOwner: 1, now: Date.now, present: async () => '0.0' },
  } as unknown as WebhooksParts);
  const request = { url: 'https://events.example/' };
  await webhooks.add(caller('patient'), { patient }, request);
  await eventually(async () => pages === 1);
  isFull = true;
  const changed = webhooks.add(caller('patient'), { patient }, { ...request, kinds: ['granted'] });
  await expect(changed).rejects.toEqual(code('VAULT_FULL'));
  await eventually(async () => pages === 2);
  expect(webhooks.of({ patient })).toEqual([expect.not.objectContaining({ kinds: ['granted'] })]);
  await webhooks.close();
});

test.each([
  [new VaultFull(), 'VAULT_FULL'],
  [new Tampered('leaves'), 'INTEGRITY_BROKEN'],
  [new NotInVault('version'), 'INTEGRITY_BROKEN'],
])('what a vault says while the ledger is away is said on (%s)', async (error, expected) => {
  const away = { release: fails(error), bearWitness: fails(error) } as unknown as Away;
  const verbs = awayVerbs(away);
  await expect(verbs.releaseLocally({ opening: '', second: '', request: '' })).rejects.toEqual(
    code(expected),
  );
  await expect(verbs.bearWitness('')).rejects.toEqual(code(expected));
});
