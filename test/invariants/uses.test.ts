import { randomBytes } from 'node:crypto';
import { blocksFrom } from '../support/chain-order.ts';
import { sharedConsortium } from '../support/consortium.ts';
import { entriesIn } from '../support/entries.ts';
import { connectAs, LedgerActor } from '../support/ledger-actor.ts';
import { cast } from '../support/rest-actors.ts';
import { share } from '../support/share.ts';

const people = cast(sharedConsortium().credentials);
const { lake } = people;
const ledger = connectAs('RegulatorMSP');
/** A second gateway of the same organisation, as far as the ledger can tell. */
const secondGateway = new LedgerActor('LakesideMSP');
afterAll(() => {
  ledger.close();
  secondGateway.close();
});

test('a counted permission is not exceeded by reads through two gateways at once, in lists or in one transaction', async () => {
  const patient = await people.patient();
  const content = randomBytes(100);
  const record = await people.record(patient, content);
  const session = await secondGateway.session();
  const item = { kind: 'read' as const, session, record, purpose: 'TREAT' as const };
  for (let round = 0; round < share(300, 3); round += 1) {
    const first = await ledger.height();
    const maxUses = 1 + (round % 5);
    const grant = await patient.grant('LakesideMSP', { maxUses });
    const reads = Array.from({ length: 8 }, () => lake.read(record));
    const lists = Array.from({ length: 2 }, () => lake.list(patient.id));
    const others = Array.from({ length: 3 }, () => secondGateway.request(item, item, item));
    const answers = [...(await Promise.all(reads)), ...(await Promise.all(lists))];
    await Promise.allSettled(others);
    for (const { status, code } of answers) {
      if (status !== 200) expect(['USES_EXHAUSTED', 'LEDGER_CONFLICT']).toContain(code);
    }
    const entries = entriesIn(await blocksFrom(ledger, first)).filter(
      (entry) => entry.patient === patient.id,
    );
    const granted = entries.filter(({ decision }) => decision === 'granted');
    expect(granted).toHaveLength(maxUses);
    expect(granted.every((entry) => entry.grant === grant)).toBe(true);
    const served = answers.filter(({ status }) => status === 200).map(({ access }) => access);
    expect(granted.map(({ access }) => access)).toEqual(expect.arrayContaining(served));
    await patient.revoke(grant);
  }
});
