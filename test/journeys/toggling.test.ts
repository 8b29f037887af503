import { setTimeout as pause } from 'node:timers/promises';
import { sharedConsortium } from '../support/consortium.ts';
import { cast } from '../support/rest-actors.ts';
import { share } from '../support/share.ts';

const people = cast(sharedConsortium().credentials);
const { river, lake, regulator } = people;
/** How often the patient changes its mind, about ten times a second. */
const turns = share(3_000, 20);
const content = Buffer.from('x'.repeat(900));

test(
  'a patient that grants and revokes ten times a second disturbs nobody: no neighbour’s read fails, and its own ends as it said last',
  async () => {
    const restless = await people.patient();
    const neighbours = [await people.patient(), await people.patient()];
    const record = await people.record(restless, content);
    const records: string[] = [];
    for (const one of neighbours) {
      records.push(await people.record(one, content));
      await one.grant('LakesideMSP');
    }
    let toggling = true;
    const own: string[] = [];
    const others: string[] = [];
    const served = async (which: string) => {
      const { status, code, bytes } = await lake.read(which);
      return `${status} ${code || bytes.equals(content)}`;
    };
    const reading = async (into: string[], which: string) => {
      while (toggling) into.push(await served(which));
    };
    const readings = [reading(own, record), ...records.map((one) => reading(others, one))];
    for (let turn = 0; turn < turns; turn += 1) {
      const grant = await restless.grant('LakesideMSP', {}, [river, lake, regulator][turn % 3]!.url);
      await pause(50);
      if (turn % 5 === 0) own.push(await served(record));
      await restless.revoke(grant, [lake, regulator, river][turn % 3]!.url);
      await pause(50);
    }
    toggling = false;
    await Promise.all(readings);
    expect(new Set(others)).toEqual(new Set(['200 true']));
    expect(others.length).toBeGreaterThan(turns);
    // Whatever the moment, it is one or the other: never a half, a timeout or a conflict.
    expect(new Set(own)).toEqual(new Set(['200 true', '403 NO_GRANT']));
    expect((await lake.read(record)).code).toBe('NO_GRANT');
    await restless.grant('LakesideMSP');
    expect((await lake.read(record)).status).toBe(200);
  },
  share(10_000_000, 60_000),
);
