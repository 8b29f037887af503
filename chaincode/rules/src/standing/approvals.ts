import {
  type ApprovalSubject,
  type Approver,
  canonicalJson,
  digest,
  type Patient,
} from '@chartkey/vocabulary';
import type { Confirmed } from './words.ts';

/** A request's fingerprint: what its approvers sign. */
export function fingerprintOf(subject: ApprovalSubject): string {
  return digest(canonicalJson(subject));
}

export const isSame = (one: Approver, other: Approver) => canonicalJson(one) === canonicalJson(other);

/**
 * Do the patient's contacts stand behind this? Two of three with the person always among them; all three and
 * the named outside body where no person is.
 * @param all must be all three (a second attempt at a recovery)
 */
export function isConfirmedBy(
  contacts: Patient['contacts'],
  subject: ApprovalSubject,
  confirmed: readonly Confirmed[],
  { already = [], all = false }: { already?: readonly Approver[]; all?: boolean } = {},
): boolean {
  if (!contacts) return false;
  const request = fingerprintOf(subject);
  const agreed = [...already, ...confirmed.filter((one) => one.request === request).map(({ by }) => by)];
  const has = (approver: Approver) => agreed.some((one) => isSame(one, approver));
  const count = contacts.contacts.filter(has).length;
  const persons = contacts.contacts.filter((one) => 'person' in one);
  if (persons.length === 0) {
    const { outside } = contacts;
    return count === 3 && outside !== undefined && has({ organisation: outside });
  }
  return persons.some(has) && count >= (all ? 3 : 2);
}
