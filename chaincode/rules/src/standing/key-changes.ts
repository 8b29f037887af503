import { Failure, instantAt, type Patient, type PersonKey, thumbprint } from '@chartkey/vocabulary';
import { checkPairProof } from '../key-proof.ts';
import { isConfirmedBy } from './approvals.ts';
import type { Change } from './change.ts';
import { withOneMore } from './consent-changes.ts';
import { contactsAt } from './recovery.ts';
import { namesOf } from './restraints.ts';

const MOST_KEYS = 16;

/** A patient's own keys, and the freeze that stops everything when one may be stolen. */
export const changesOfKeys = {
  addKey(standing: Patient, change: Change<'addKey'>): Patient {
    const added = keyIn(standing, change);
    return { ...standing, keys: withOneMore(standing.keys, added, MOST_KEYS) };
  },

  removeKey(standing: Patient, { statement }: Change<'removeKey'>): Patient {
    const keys = standing.keys.filter(({ sig }) => thumbprint(sig) !== statement.payload.key);
    if (keys.length === standing.keys.length) throw new Failure('KEY_UNKNOWN');
    if (keys.length === 0) throw new Failure('LAST_KEY');
    return { ...standing, keys };
  },

  rotateKey(standing: Patient, change: Change<'rotateKey'>): Patient {
    const fresh = keyIn(standing, change);
    const { kid } = change.statement;
    return { ...standing, keys: standing.keys.map((one) => (thumbprint(one.sig) === kid ? fresh : one)) };
  },

  /**
   * Whoever is not suspected may add a suspect; nobody takes one away by freezing again. The newest freeze that
   * says more than the ones before is what contacts are asked about.
   */
  freeze(standing: Patient, { statement, author }: Change<'freeze'>): Patient {
    const { suspect } = statement.payload;
    const { frozen } = standing;
    const suspects = frozen?.suspects ?? [];
    const isNews = suspect !== undefined && !suspects.includes(suspect);
    if (frozen && !isNews) return standing;
    if (suspect !== undefined && !isOf(standing, suspect)) throw new Failure('KEY_UNKNOWN');
    const [by = statement.kid] = namesOf(author);
    return {
      ...standing,
      frozen: { statement: statement.id, by, ...(isNews && { suspects: [...suspects, suspect] }) },
    };
  },

  /** By another key or delegate than the one that may be stolen, or with two of the three contacts. */
  unfreeze(standing: Patient, change: Change<'unfreeze'>): Patient {
    const { frozen, ...rest } = standing;
    if (!frozen) throw new Failure('NOT_FROZEN');
    const { author, confirmed, time } = change;
    // Who froze without naming anybody may be whose key is stolen.
    const { statement: freeze, suspects = [frozen.by] } = frozen;
    const isAnother = !namesOf(author).some((name) => suspects.includes(name));
    const subject = { kind: 'unfreeze' as const, patient: standing.patient, freeze };
    if (!isAnother && !isConfirmedBy(contactsAt(standing, time), subject, confirmed)) {
      throw new Failure('SUSPECT_KEY');
    }
    return rest;
  },
};

/** Is this a key of the patient, or one who acts for it? */
function isOf({ keys, delegates }: Patient, name: string): boolean {
  return keys.some(({ sig }) => thumbprint(sig) === name) || delegates.some(({ person }) => person === name);
}

/** The new pair that a proof brings. */
function keyIn(standing: Patient, change: Change<'addKey'> | Change<'rotateKey'>): PersonKey {
  const { network, time, checks, statement } = change;
  const { key: proof } = statement.payload;
  const { key, sig, enc } = checkPairProof(proof, { network, owner: standing.patient, time, checks });
  // What a recovery brings is its own: a thief who brought it first would have it lost with him.
  const isRecoverys = standing.recovery !== undefined && thumbprint(standing.recovery.sig) === key;
  if (isRecoverys || isOf(standing, key)) throw new Failure('KEY_USED');
  return { sig, enc, statement: statement.id, since: instantAt(time) };
}
