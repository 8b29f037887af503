import { Failure, instantAt, millisecondsOf, type Patient, thumbprint } from '@chartkey/vocabulary';
import { checkPairProof } from '../key-proof.ts';
import { isConfirmedBy, isSame } from './approvals.ts';
import { principalOf } from './author.ts';
import type { Change } from './change.ts';

const DAY = 86_400_000;
/** Milliseconds in which a recovery can be stopped. */
export const RECOVERY_WINDOW = 7 * DAY;
/** Milliseconds for which recovered keys widen nothing. */
export const PROBATION = 30 * DAY;

/** Every key lost: contacts that the patient named bring a new one. */
export const changesOfRecovery = {
  /** Contacts stay while a recovery stands, so that a thief cannot name his own in between. */
  nameContacts(standing: Patient, { statement, time }: Change<'nameContacts'>): Patient {
    const { contacts, outside } = statement.payload;
    if (contacts.some((one, at) => contacts.slice(at + 1).some((other) => isSame(one, other)))) {
      throw new Failure('INVALID_STATEMENT');
    }
    const isSelf = contacts.some((one) => 'person' in one && one.person === standing.patient);
    const hasPerson = contacts.some((one) => 'person' in one);
    if (isSelf || (!hasPerson && outside === undefined)) throw new Failure('INVALID_STATEMENT');
    const { recovery } = standing;
    if (recovery && time <= millisecondsOf(recovery.startedAt) + PROBATION) {
      throw new Failure('RECOVERY_UNDERWAY');
    }
    const { recovery: _over, ...rest } = standing;
    const named = { statement: statement.id, contacts, ...(outside !== undefined && { outside }) };
    return { ...rest, contacts: named, recoveries: 0 };
  },

  startRecovery(standing: Patient, change: Change<'startRecovery'>): Patient {
    const { statement, author, network, time, checks } = change;
    const { key, lost, inPerson } = statement.payload;
    const { contacts, recovery, recoveries } = standing;
    if (!contacts) throw new Failure('CONTACTS_MISSING');
    const by = principalOf(author);
    if (!contacts.contacts.some((one) => isSame(one, by))) throw new Failure('NOT_AN_APPROVER');
    if (recovery && !recovery.vetoed) throw new Failure('RECOVERY_UNDERWAY');
    const attempt = recoveries + 1;
    if (attempt > 1 && (inPerson !== true || !('organisation' in by))) throw new Failure('RECOVERY_VETOED');
    const { sig, enc } = checkPairProof(key, { network, owner: standing.patient, time, checks });
    const startedAt = instantAt(time);
    return {
      ...standing,
      recovery: { recovery: statement.id, by, sig, enc, lost, attempt, startedAt, vetoed: false },
      recoveries: attempt,
    };
  },

  vetoRecovery(standing: Patient, { statement }: Change<'vetoRecovery'>): Patient {
    const { recovery } = standing;
    if (!recovery || recovery.vetoed || recovery.recovery !== statement.payload.recovery) {
      throw new Failure('RECOVERY_UNKNOWN');
    }
    return { ...standing, recovery: { ...recovery, vetoed: true } };
  },

  /** The new key takes the place of the lost ones; what was frozen is free again. */
  completeRecovery(standing: Patient, { statement, time, confirmed }: Change<'completeRecovery'>): Patient {
    const { recovery, frozen: _frozen, contacts, patient, keys, ...rest } = standing;
    if (recovery?.recovery !== statement.payload.recovery) throw new Failure('RECOVERY_UNKNOWN');
    if (recovery.vetoed) throw new Failure('RECOVERY_VETOED');
    const subject = { kind: 'recovery' as const, patient, recovery: recovery.recovery };
    const options = { already: [recovery.by], all: recovery.attempt > 1 };
    if (!isConfirmedBy(contacts, subject, confirmed, options)) throw new Failure('APPROVALS_MISSING');
    const agreedAt = Math.max(millisecondsOf(recovery.startedAt), ...confirmed.map(({ at }) => at));
    if (time < agreedAt + RECOVERY_WINDOW) throw new Failure('RECOVERY_WAITING');
    const kept = keys.filter(({ sig }) => !recovery.lost.includes(thumbprint(sig)));
    const { sig, enc } = recovery;
    const fresh = { sig, enc, statement: statement.id, since: instantAt(time) };
    return {
      ...rest,
      patient,
      keys: [...kept, fresh],
      ...(contacts && { contacts }),
      recoveries: 0,
      probation: instantAt(time + PROBATION),
    };
  },
};
