import type { Act, ApprovalSubject, Approver } from '@chartkey/vocabulary';
import { transactions } from '@chartkey/vocabulary';

/** Verbs that change what stands about a patient. */
export type StandingAct = {
  [Verb in Act]: (typeof transactions)[Verb] extends 'patients:changeStanding' ? Verb : never;
}[Act];

/** An approval that was verified: who stands behind it, of what, since when. */
export interface Confirmed {
  /** the `approve` statement's id */
  statement: string;
  by: Approver;
  /** fingerprint of what is approved */
  request: string;
  subject?: ApprovalSubject;
  /** milliseconds */
  at: number;
}

/** Does a verb change what stands about a patient? */
export function isStandingAct(act: Act): act is StandingAct {
  return transactions[act] === 'patients:changeStanding';
}
