import { type Delegate, millisecondsOf, type Patient, type Power } from '@chartkey/vocabulary';

/** Practitioners who must attest that a proxy's or an executor's time has come. */
export const ATTESTATIONS = 2;

/** Does a delegation stand at this time? A proxy and an executor start when enough practitioners have attested. */
export function isLive({ kind, notBefore, notAfter, attested }: Delegate, time: number): boolean {
  if (notBefore !== undefined && time < millisecondsOf(notBefore)) return false;
  if (notAfter !== undefined && time > millisecondsOf(notAfter)) return false;
  return (kind !== 'proxy' && kind !== 'executor') || attested.length >= ATTESTATIONS;
}

/** May this person do this for the patient under this delegation? */
export function mayAct(delegate: Delegate, person: string, power: Power | 'any', time: number): boolean {
  const hasPower = power === 'any' || delegate.powers.includes(power);
  return delegate.person === person && hasPower && isLive(delegate, time);
}

/** The delegation under which a person may do this for the patient now, if there is one. */
export function delegationOf(
  { delegates }: Patient,
  person: string,
  power: Power | 'any',
  time: number,
): Delegate | undefined {
  return delegates.find((one) => mayAct(one, person, power, time));
}
