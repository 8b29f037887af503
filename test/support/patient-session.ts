import { sharedConsortium } from './consortium.ts';
import { freshId, type LedgerActor, type LedgerPatient } from './ledger-actor.ts';
import { signJson } from './signing.ts';

/** A patient's own session through an organisation's gateway. */
export async function patientSession(at: LedgerActor, patient: LedgerPatient): Promise<string> {
  const { organisations } = sharedConsortium().credentials;
  const aud = organisations.find(({ id }) => id === at.organisation)!.tokenUrl;
  const iat = Math.floor(Date.now() / 1000);
  const { id, sig } = patient;
  const claims = { iss: id, sub: id, aud, jti: freshId(), iat, exp: iat + 300 };
  const [outcome] = await at.startSessions(signJson({ alg: 'ES256', kid: sig.id, typ: 'JWT' }, claims, sig));
  if (!outcome || !('session' in outcome)) throw new Error(`no session: ${JSON.stringify(outcome)}`);
  return outcome.session;
}
