import { type AccessFacts, practitionerStanding } from '@chartkey/rules';
import { type AccessEntry, type FailureCode, millisecondsOf } from '@chartkey/vocabulary';
import type { RecordsTransaction } from './transaction.ts';

/**
 * What an access for an emergency is decided on: what the organisation has opened of this patient, and which
 * keys behind what is live for this practitioner on this device no longer stand.
 */
export async function emergencyFacts(
  { world, time }: RecordsTransaction,
  patient: string,
  organisation: string,
  asker: Pick<AccessEntry, 'device' | 'practitioner'>,
): Promise<Pick<AccessFacts, 'openings' | 'fallen'>> {
  const openings = (await world.liveOpenings.find(patient, organisation))?.openings ?? [];
  const fallen = new Map<string, FailureCode>();
  for (const { practitioner, device, until, key, second } of openings) {
    const isAskers = practitioner === asker.practitioner && device === asker.device;
    if (!isAskers || time > millisecondsOf(until)) continue;
    for (const one of second === undefined ? [key] : [key, second]) {
      const failing = practitionerStanding(await world.practitioners.require(one), time);
      if (failing !== undefined) fallen.set(one, failing);
    }
  }
  return { openings, fallen };
}
