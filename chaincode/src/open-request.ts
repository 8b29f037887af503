import { type Asking, approve, contactsAt, isSame, openRequest } from '@chartkey/rules';
import type { ApprovalRequest, Approver, Contacts, Patient } from '@chartkey/vocabulary';
import { keepRequest } from './approval-requests.ts';
import type { RecordsTransaction } from './transaction.ts';

/** Minutes within which contacts and members agree. */
const MONTH = 30 * 24 * 60;

/**
 * Opens a request for approvals, which waits for everybody whom it asks.
 * @param already who stands behind it by the opening statement itself
 */
export function openApproval(
  tx: RecordsTransaction,
  asking: Asking,
  already?: { by: Approver; statement: string },
): ApprovalRequest {
  const opened = openRequest(asking, tx.time);
  const request = already ? approve(opened, { ...already, time: tx.time }) : opened;
  keepRequest(tx, request);
  return request;
}

/** Asks a patient's contacts about what a statement has just begun: a recovery, or a freeze that may end. */
export function askContacts(tx: RecordsTransaction, { patient, ...after }: Patient, statement: string): void {
  const contacts = contactsAt({ patient, ...after }, tx.time);
  if (!contacts) return;
  const { frozen, recovery } = after;
  if (recovery?.recovery === statement) {
    const asked = askingOf(contacts, recovery.attempt > 1);
    const { by } = recovery;
    const isAsked = asked.of.some((one) => isSame(one, by));
    const subject = { kind: 'recovery' as const, patient, recovery: statement };
    openApproval(tx, { subject, ...asked, within: MONTH }, isAsked ? { by, statement } : undefined);
  }
  if (frozen?.statement === statement) {
    const subject = { kind: 'unfreeze' as const, patient, freeze: statement };
    openApproval(tx, { subject, ...askingOf(contacts, false), within: MONTH });
  }
}

/** Two of three, a person among them; or all three and the outside body, where none of them is a person. */
function askingOf({ contacts, outside }: Contacts, all: boolean): Pick<Asking, 'need' | 'of' | 'must'> {
  const persons = contacts.filter((one) => 'person' in one);
  if (persons.length > 0) return { of: contacts, need: all ? contacts.length : 2, must: persons };
  const of = outside === undefined ? contacts : [...contacts, { organisation: outside }];
  return { of, need: of.length };
}
