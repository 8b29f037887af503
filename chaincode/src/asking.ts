import { keyNamed } from '@chartkey/rules';
import {
  type AccessesState,
  type Device,
  Failure,
  type Genesis,
  type Patient,
  type PublicKey,
  type Session,
} from '@chartkey/vocabulary';
import type { RecordsTransaction } from './transaction.ts';

type Named = Omit<AccessesState['askers'][number], 'session' | 'until'>;

interface AskingOne {
  session: Session;
  /** the reader's own key, which a signed request must be made with; undefined when it does not sign (any more) */
  key: PublicKey | undefined;
  /** its thumbprint */
  keyId: string;
  /** as an entry tells it */
  named: Named;
}

/** Who asks: an organisation's device in a practitioner's name, or a patient or delegate. */
export type Asking = AskingOne & ({ device: Device; genesis: Genesis } | { person: Patient });

/**
 * Who stands behind a session; undefined when there is no such session.
 * @throws Failure SESSION_FOREIGN when another organisation's gateway started it
 */
export async function askingOf(tx: RecordsTransaction, id: string): Promise<Asking | undefined> {
  const session = await tx.world.sessions.find(id);
  if (!session) return undefined;
  if (session.startedBy !== tx.caller) throw new Failure('SESSION_FOREIGN');
  if (session.subject === 'patient') {
    const person = await tx.world.patients.require(session.id);
    const keyId = session.key ?? '';
    const key = keyNamed(person.keys, keyId)?.sig;
    return { session, person, key, keyId, named: { organisation: tx.caller, person: session.id } };
  }
  const [device, { genesis }] = await Promise.all([tx.world.devices.require(session.id), tx.network()]);
  const { practitioner, role } = session;
  if (practitioner === undefined || role === undefined) throw new Failure('SESSION_UNKNOWN');
  const named = { organisation: device.organisation, device: device.device, practitioner, role };
  return { session, device, genesis, key: device.sig, keyId: device.device, named };
}
