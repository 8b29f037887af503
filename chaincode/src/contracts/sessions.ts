import {
  checkAssertion,
  checkIsUnsuspected,
  deviceStanding,
  keyNamed,
  memberOf,
  type ReadAssertion,
  readAssertion,
} from '@chartkey/rules';
import {
  canonicalJson,
  Failure,
  instantAt,
  SESSION_SECONDS,
  type Session,
  type SessionOutcome,
  StartSessionsInput,
  sessionId,
} from '@chartkey/vocabulary';
import { Info, Returns, Transaction } from 'fabric-contract-api';
import { RecordsTransaction } from '../transaction.ts';
import { LedgerContract } from './ledger-contract.ts';

@Info({ title: 'sessions', description: 'Whose assertion stands behind a token' })
export class SessionsContract extends LedgerContract {
  constructor() {
    super('sessions');
  }

  /** Each assertion has an outcome of its own; one that fails does not touch its neighbours. */
  @Transaction()
  @Returns('string')
  async startSessions(tx: RecordsTransaction, input: string): Promise<string> {
    const { assertions } = tx.input(StartSessionsInput, input);
    const { tokenUrl } = memberOf((await tx.network()).genesis, tx.caller);
    const outcomes: SessionOutcome[] = [];
    for (const compact of assertions) {
      try {
        const { session, until } = await start(tx, readAssertion(compact), tokenUrl);
        outcomes.push({ session, until });
      } catch (error) {
        if (!(error instanceof Failure)) throw error;
        outcomes.push({ code: error.code });
      }
    }
    return canonicalJson({ outcomes });
  }

  @Transaction(false)
  @Returns('string')
  async session(tx: RecordsTransaction, id: string): Promise<string> {
    const session = await tx.world.sessions.require(id);
    if (session.startedBy !== tx.caller) await tx.requireCareMember();
    return canonicalJson(session);
  }
}

async function start(tx: RecordsTransaction, assertion: ReadAssertion, tokenUrl: string): Promise<Session> {
  const { issuer, jti, b2b, issuedAt, expiresAt } = assertion;
  const key = b2b
    ? await deviceKey(tx, issuer, b2b.organization_id)
    : await patientKey(tx, issuer, assertion.key);
  checkAssertion(assertion, key, tokenUrl, tx.time, tx.checks);
  const id = sessionId(issuer, jti);
  if (await tx.world.sessions.find(id)) throw new Failure('ASSERTION_REPLAYED');
  const longest = SESSION_SECONDS * 1000;
  const session: Session = {
    session: id,
    subject: b2b ? 'device' : 'patient',
    id: issuer,
    startedBy: tx.caller,
    ...(b2b && { practitioner: b2b.subject_id, role: b2b.subject_role }),
    ...(!b2b && { key: assertion.key }),
    purposes: b2b?.purpose_of_use ?? ['PATRQT'],
    until: instantAt(Math.min(expiresAt * 1000, issuedAt * 1000 + longest, tx.time + longest)),
  };
  tx.world.sessions.put(session, id);
  return session;
}

/** A device acts through its own organisation's gateway only. */
async function deviceKey(tx: RecordsTransaction, issuer: string, organisation: string) {
  const device = await tx.world.devices.find(issuer);
  if (!device) throw new Failure('CLIENT_UNKNOWN');
  if (device.organisation !== tx.caller || organisation !== tx.caller) throw new Failure('CLIENT_UNKNOWN');
  const standing = deviceStanding(device, tx.time);
  if (standing !== undefined) throw new Failure(standing);
  return device.sig;
}

/** Any live key of the patient; one that may be stolen does not even see the log. */
async function patientKey(tx: RecordsTransaction, issuer: string, key: string) {
  const patient = await tx.world.patients.find(issuer);
  const named = patient && keyNamed(patient.keys, key);
  if (!named) throw new Failure('CLIENT_UNKNOWN');
  checkIsUnsuspected(patient, { is: 'patient', key }, undefined, tx.time);
  return named.sig;
}
