import { Failure, malformed, type Patient } from '@chartkey/vocabulary';
import type { Change } from './change.ts';
import { withOneMore } from './consent-changes.ts';
import { ATTESTATIONS } from './delegates.ts';

const MOST_DELEGATES = 16;

/** Who acts for the patient: named and revoked by the patient alone. */
export const changesOfDelegates = {
  nameDelegate(standing: Patient, { statement }: Change<'nameDelegate'>): Patient {
    const { person, kind, powers, notBefore, notAfter } = statement.payload;
    if (person === standing.patient) throw new Failure('DELEGATE_FOR_ITSELF');
    if (notBefore !== undefined && notAfter !== undefined && notBefore >= notAfter) {
      throw malformed('payload.notAfter');
    }
    const delegate = {
      delegation: statement.id,
      ...{ person, kind, powers },
      ...(notBefore !== undefined && { notBefore }),
      ...(notAfter !== undefined && { notAfter }),
      attested: [],
    };
    return { ...standing, delegates: withOneMore(standing.delegates, delegate, MOST_DELEGATES) };
  },

  revokeDelegate(standing: Patient, { statement }: Change<'revokeDelegate'>): Patient {
    const { delegation: id } = statement.payload;
    const delegates = standing.delegates.filter(({ delegation }) => delegation !== id);
    if (delegates.length === standing.delegates.length) throw new Failure('DELEGATION_UNKNOWN');
    return { ...standing, delegates };
  },

  /** One practitioner counts once, and never for a delegation that needs no attestation. */
  attestDelegate(standing: Patient, { statement, author }: Change<'attestDelegate'>): Patient {
    const { delegation: id } = statement.payload;
    const found = standing.delegates.find(({ delegation }) => delegation === id);
    if (!found || (found.kind !== 'proxy' && found.kind !== 'executor')) {
      throw new Failure('DELEGATION_UNKNOWN');
    }
    if (author.is !== 'practitioner') throw new Failure('PRACTITIONER_UNKNOWN');
    const { organisation, practitioner, role } = author.key;
    if (role !== 'physician') throw new Failure('ROLE_NOT_ALLOWED');
    const name = `${organisation} ${practitioner}`;
    // Enough is enough: nobody fills a patient's standing with more.
    if (found.attested.includes(name) || found.attested.length >= ATTESTATIONS) {
      throw new Failure('ALREADY_APPROVED');
    }
    const attested = { ...found, attested: [...found.attested, name] };
    return { ...standing, delegates: standing.delegates.map((one) => (one === found ? attested : one)) };
  },
};
