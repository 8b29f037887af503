import {
  Failure,
  instantAt,
  malformed,
  millisecondsOf,
  type Patient,
  thumbprint,
} from '@chartkey/vocabulary';
import { checkPairProof } from '../key-proof.ts';
import { isConfirmedBy, isSame } from './approvals.ts';
import { principalOf } from './author.ts';
import type { Change } from './change.ts';
import { CONTACTS_DELAY, contactsAt, PROBATION, RECOVERY_WINDOW, recoveryAt } from './recovery.ts';

/** Every key lost: contacts that the patient named bring a new one. */
export const changesOfRecovery = {
  /**
   * Contacts stay while a recovery stands, and the former ones count for seven days more: a thief does not name
   * his own in between.
   */
  nameContacts(standing: Patient, { statement, time }: Change<'nameContacts'>): Patient {
    checkContacts(standing, statement.payload);
    if (recoveryAt(standing, time)) throw new Failure('RECOVERY_UNDERWAY');
    const { recovery: _over, contacts: before, ...rest } = standing;
    const { contacts, outside } = statement.payload;
    const stood = before && contactsAt(standing, time);
    const until =
      before?.former && stood?.statement === before.former.statement
        ? before.former.until
        : instantAt(time + CONTACTS_DELAY);
    return {
      ...rest,
      contacts: {
        statement: statement.id,
        contacts,
        ...(outside !== undefined && { outside }),
        ...(stood && { former: { ...stood, until } }),
      },
      vetoes: 0,
    };
  },

  /** Until enough have agreed, another contact may start anew: no contact alone keeps the others out. */
  startRecovery(standing: Patient, change: Change<'startRecovery'>): Patient {
    const { statement, author, network, time, checks } = change;
    const { key: proof, lost, inPerson } = statement.payload;
    const contacts = contactsAt(standing, time);
    if (!contacts) throw new Failure('CONTACTS_MISSING');
    const by = principalOf(author);
    const attempt = standing.vetoes + 1;
    const isOutside = 'organisation' in by && by.organisation === contacts.outside;
    const mayStart = contacts.contacts.some((one) => isSame(one, by)) || (attempt > 1 && isOutside);
    if (!mayStart) throw new Failure('NOT_AN_APPROVER');
    const standingOne = recoveryAt(standing, time);
    if (standingOne?.agreedAt !== undefined && standingOne.vetoedAt === undefined) {
      throw new Failure('RECOVERY_UNDERWAY');
    }
    if (attempt > 1 && (inPerson !== true || !('organisation' in by))) throw new Failure('RECOVERY_VETOED');
    const { key, sig, enc } = checkPairProof(proof, { network, owner: standing.patient, time, checks });
    if (standing.keys.some((one) => thumbprint(one.sig) === key)) throw new Failure('KEY_USED');
    if (lost.includes(key)) throw malformed('payload.lost');
    const startedAt = instantAt(time);
    return {
      ...standing,
      contacts,
      recovery: { recovery: statement.id, by, sig, enc, lost, attempt, startedAt },
    };
  },

  vetoRecovery(standing: Patient, { statement, time }: Change<'vetoRecovery'>): Patient {
    const recovery = underway(standing, statement.payload.recovery, time);
    return { ...standing, recovery: { ...recovery, vetoedAt: instantAt(time) }, vetoes: standing.vetoes + 1 };
  },

  /** Enough contacts have agreed: the window runs from here, where everybody sees it begin. */
  confirmRecovery(standing: Patient, { statement, time, confirmed }: Change<'confirmRecovery'>): Patient {
    const recovery = underway(standing, statement.payload.recovery, time);
    if (recovery.agreedAt !== undefined) throw new Failure('RECOVERY_WAITING');
    const { patient, contacts } = standing;
    const subject = { kind: 'recovery' as const, patient, recovery: recovery.recovery };
    const options = { already: [recovery.by], all: recovery.attempt > 1 };
    if (!isConfirmedBy(contacts, subject, confirmed, options)) throw new Failure('APPROVALS_MISSING');
    return { ...standing, recovery: { ...recovery, agreedAt: instantAt(time) } };
  },

  /** The new key takes the place of the lost ones; what was frozen is free again. */
  completeRecovery(standing: Patient, { statement, time }: Change<'completeRecovery'>): Patient {
    const { agreedAt, lost, sig, enc } = underway(standing, statement.payload.recovery, time);
    if (agreedAt === undefined) throw new Failure('APPROVALS_MISSING');
    if (time < millisecondsOf(agreedAt) + RECOVERY_WINDOW) throw new Failure('RECOVERY_WAITING');
    const { recovery: _done, frozen: _frozen, ...rest } = standing;
    const fresh = { sig, enc, statement: statement.id, since: instantAt(time) };
    return {
      ...rest,
      keys: [...rest.keys.filter((one) => !lost.includes(thumbprint(one.sig))), fresh],
      delegates: rest.delegates.filter(({ person }) => !lost.includes(person)),
      vetoes: 0,
      probation: instantAt(time + PROBATION),
    };
  },
};

/** @throws Failure INVALID_STATEMENT */
function checkContacts(
  { patient }: Patient,
  { contacts, outside }: Change<'nameContacts'>['statement']['payload'],
): void {
  const all = outside === undefined ? contacts : [...contacts, { organisation: outside }];
  const isTwice = all.some((one, at) => all.slice(at + 1).some((other) => isSame(one, other)));
  const persons = contacts.filter((one) => 'person' in one);
  const isSelf = persons.some(({ person }) => person === patient);
  const isAlone = persons.length === 0 && outside === undefined;
  if (isTwice || isSelf) throw malformed('payload.contacts');
  if (isAlone) throw malformed('payload.outside');
}

/** @throws Failure RECOVERY_UNKNOWN, RECOVERY_VETOED */
function underway(standing: Patient, id: string, time: number): NonNullable<Patient['recovery']> {
  const recovery = recoveryAt(standing, time);
  if (recovery?.recovery !== id) throw new Failure('RECOVERY_UNKNOWN');
  if (recovery.vetoedAt !== undefined) throw new Failure('RECOVERY_VETOED');
  return recovery;
}
