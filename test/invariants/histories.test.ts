import * as fc from 'fast-check';
import { approvedDevice } from '../support/approved-device.ts';
import { blocksFrom } from '../support/chain-order.ts';
import { sharedConsortium } from '../support/consortium.ts';
import { entriesIn } from '../support/entries.ts';
import { connectAs } from '../support/ledger-actor.ts';
import { cast } from '../support/rest-actors.ts';
import { RestDevice } from '../support/rest-device.ts';
import { RestPatient } from '../support/rest-patient.ts';
import { RestPractitioner } from '../support/rest-practitioner.ts';
import { seed, share } from '../support/share.ts';
import { type Asker, Life } from './life.ts';
import { history } from './random-histories.ts';
import type { Persons } from './said.ts';

const people = cast(sharedConsortium().credentials);
const ledger = connectAs('RegulatorMSP');
const askers: Asker[] = [];
let practitioners: Persons['practitioners'];

const asker = (device: RestDevice) => ({
  device,
  model: {
    organisation: device.organisation.id,
    kind: device.organisation.kind,
    device: device.id,
    practitioner: device.practitioner,
    role: device.role,
    purposes: device.purposes,
  },
});

beforeAll(async () => {
  const { river, lake, regulator, insurer } = people;
  const second = await approvedDevice(river.organisation);
  askers.push(
    ...[
      new RestDevice(river.organisation, undefined, ['TREAT', 'HPAYMT', 'ETREAT']),
      new RestDevice(lake.organisation, undefined, ['TREAT', 'HRESCH', 'ETREAT']),
      new RestDevice(river.organisation, second, ['TREAT', 'HRESCH']),
      regulator,
      insurer,
    ].map(asker),
  );
  const [first, next] = askers.map(({ device }) => device);
  practitioners = { river: await RestPractitioner.at(first!), lake: await RestPractitioner.at(next!) };
});
afterAll(() => ledger.close());

test(
  'over random histories every answer is the model’s, has its entry on the ledger, and releases what was stored',
  async () => {
    let granted = 0;
    await fc.assert(
      fc.asyncProperty(history, async (steps) => {
        const first = await ledger.height();
        const patient = new RestPatient(people.network, people.river.organisation);
        const delegate = await people.patient();
        const life = new Life({ patient, delegate, practitioners }, askers, ledger);
        await life.begin();
        for (const step of steps) await life.take(step);
        await life.end();
        const path = `/v1/patients/${patient.id}/accesses`;
        const [seen, audited] = [await patient.pages(path), await people.regulator.pages(path)];
        expect(audited).toEqual(seen);
        expect(seen.toReversed()).toMatchObject(life.log);
        const entries = entriesIn(await blocksFrom(ledger, first));
        expect(entries.filter((one) => one.patient === patient.id)).toMatchObject(life.log);
        granted += life.log.filter(({ decision }) => decision === 'granted').length;
      }),
      { numRuns: share(1_000, 3), seed, endOnFailure: true },
    );
    expect(granted).toBeGreaterThan(0);
  },
  share(10_000_000, 60_000),
);
