import type { GrantWords, Patient } from '@chartkey/client';
import { randomId } from '@chartkey/client';
import type { LedgerDevice } from './ledger-device.ts';

/** Whom content may be granted to in the demo consortium. */
const HOSPITALS = ['LakesideMSP', 'HilltopMSP', 'RiversideMSP'];
/** Live grants of one patient at one organisation; the law takes 256. */
const LIVE = 250;

/**
 * Makes so many grants of a patient that was just enrolled, in turn to each hospital; the oldest are taken back
 * where a hospital has as many live ones as it may. The last one opens everything to Lakeside, all others a
 * record that does not exist.
 * @returns how many are live then
 */
export async function makeGrants(device: LedgerDevice, patient: Patient, many: number): Promise<number> {
  const { author } = patient.statements;
  const live = new Map<string, string[]>(HOSPITALS.map((organisation) => [organisation, []]));
  /** Makes room at the hospital whose turn is next, while another has its own: so they never conflict. */
  const makeRoom = async (organisation: string) => {
    const held = live.get(organisation)!;
    const oldest = held.length >= LIVE ? held.shift() : undefined;
    if (oldest) await device.order('revokeConsent', (await author.revokeConsent(oldest)).text);
  };
  for (let made = 1; made <= many; made += 1) {
    const isLast = made === many;
    const organisation = isLast ? 'LakesideMSP' : HOSPITALS[made % HOSPITALS.length]!;
    const words: GrantWords = {
      grantee: { organisation },
      scope: isLast ? 'all' : { records: [randomId()] },
      ...{ actions: ['read'], purposes: ['TREAT'] },
    };
    // The enrolment had the first number.
    const grant = await author.grantConsent(made + 1, words);
    const order = device.order('grantConsent', grant.text);
    await Promise.all([order, !isLast && makeRoom(HOSPITALS[(made + 1) % HOSPITALS.length]!)]);
    live.get(organisation)!.push(grant.id);
  }
  return [...live.values()].reduce((sum, grants) => sum + grants.length, 0);
}
