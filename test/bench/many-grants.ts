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
  for (let made = 1; made <= many; made += 1) {
    const isLast = made === many;
    const organisation = isLast ? 'LakesideMSP' : HOSPITALS[made % HOSPITALS.length]!;
    const words: GrantWords = {
      grantee: { organisation },
      scope: isLast ? 'all' : { records: [randomId()] },
      ...{ actions: ['read'], purposes: ['TREAT'] },
    };
    const oldest = live.get(organisation)!.length >= LIVE ? live.get(organisation)!.shift() : undefined;
    if (oldest) await device.order('revokeConsent', (await author.revokeConsent(oldest)).text);
    // The enrolment had the first number.
    const grant = await author.grantConsent(made + 1, words);
    await device.order('grantConsent', grant.text);
    live.get(organisation)!.push(grant.id);
  }
  return [...live.values()].reduce((sum, grants) => sum + grants.length, 0);
}
