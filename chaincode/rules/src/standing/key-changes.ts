import { Failure, instantAt, type Patient, type PersonKey, thumbprint } from '@chartkey/vocabulary';
import { checkPairProof } from '../key-proof.ts';
import { isConfirmedBy } from './approvals.ts';
import type { Change } from './change.ts';
import { withOneMore } from './consent-changes.ts';

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

  /** The first one that names a suspect stands: whoever is suspected cannot turn it round. */
  freeze(standing: Patient, { statement, author }: Change<'freeze'>): Patient {
    if (standing.frozen?.suspect !== undefined) return standing;
    const { suspect } = statement.payload;
    const by = author.is === 'delegate' ? author.delegate.person : statement.kid;
    return {
      ...standing,
      frozen: { statement: statement.id, by, ...(suspect !== undefined && { suspect }) },
    };
  },

  /** By another key or delegate than the one that froze, or with two of the three contacts. */
  unfreeze(standing: Patient, change: Change<'unfreeze'>): Patient {
    const { frozen, ...rest } = standing;
    if (!frozen) throw new Failure('NOT_FROZEN');
    const { author, confirmed } = change;
    const subject = { kind: 'unfreeze' as const, patient: standing.patient, freeze: frozen.statement };
    const by = author.is === 'delegate' ? author.delegate.person : change.statement.kid;
    const isAnother = frozen.suspect !== undefined || by !== frozen.by;
    if (!isAnother && !isConfirmedBy(standing.contacts, subject, confirmed)) throw new Failure('SUSPECT_KEY');
    return rest;
  },
};

/** The new pair that a proof brings. */
function keyIn(standing: Patient, change: Change<'addKey'> | Change<'rotateKey'>): PersonKey {
  const { network, time, checks, statement } = change;
  const { key: proof } = statement.payload;
  const { sig, enc } = checkPairProof(proof, { network, owner: standing.patient, time, checks });
  return { sig, enc, statement: statement.id, since: instantAt(time) };
}
