import { type Asking, approve, contactsAt, fingerprintOf, isSame, openRequest } from '@chartkey/rules';
import type { ApprovalRequest, ApprovalSubject, Approver, Contacts, Patient } from '@chartkey/vocabulary';
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

/**
 * Asks a patient's contacts about what a statement has just begun: a recovery, or a freeze that may end. What it
 * has made idle waits for nobody any more.
 */
export async function askContacts(
  tx: RecordsTransaction,
  before: Patient,
  after: Patient,
  statement: string,
): Promise<void> {
  const stands = subjectsOf(after).map(fingerprintOf);
  for (const request of subjectsOf(before).map(fingerprintOf)) {
    if (!stands.includes(request)) await closeRequest(tx, request);
  }
  const contacts = contactsAt(after, tx.time);
  if (!contacts) return;
  const { patient, frozen, recovery } = after;
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

/** What contacts may have a say in: a recovery that nobody has vetoed, a freeze. */
function subjectsOf({ patient, recovery, frozen }: Patient): ApprovalSubject[] {
  const subjects: ApprovalSubject[] = [];
  if (recovery && recovery.vetoedAt === undefined) {
    subjects.push({ kind: 'recovery', patient, recovery: recovery.recovery });
  }
  if (frozen) subjects.push({ kind: 'unfreeze', patient, freeze: frozen.statement });
  return subjects;
}

async function closeRequest(tx: RecordsTransaction, id: string): Promise<void> {
  const request = await tx.world.approvalRequests.find(id);
  if (request?.status === 'pending') keepRequest(tx, { ...request, status: 'lapsed' }, request);
}

/** Two of three, a person among them; or all three and the outside body, where none of them is a person. */
function askingOf({ contacts, outside }: Contacts, all: boolean): Pick<Asking, 'need' | 'of' | 'must'> {
  const persons = contacts.filter((one) => 'person' in one);
  if (persons.length > 0) return { of: contacts, need: all ? contacts.length : 2, must: persons };
  const of = outside === undefined ? contacts : [...contacts, { organisation: outside }];
  return { of, need: of.length };
}
