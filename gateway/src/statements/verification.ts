import {
  checkDeviceProof,
  checkEnrolment,
  checkPairProof,
  checkSignature,
  keyNamed,
  memberOf,
  newMasterKey,
  type ReadStatement,
  type SignatureChecks,
} from '@chartkey/rules';
import {
  type Act,
  Failure,
  type Genesis,
  OrganisationFacts,
  type P256Key,
  PatientFacts,
  PractitionerKey,
  queries,
  type StatementOf,
  Thumbprint,
} from '@chartkey/vocabulary';
import type { Ledger } from '../ledger/ledger.ts';

export interface Verification {
  ledger: Pick<Ledger, 'evaluate'>;
  network: string;
  genesis: Genesis;
  checks: SignatureChecks;
}

/**
 * Verifies whose statement this is, before it may cost a transaction. Its time is not looked at. A third
 * party may not look patients up, so there the endorsers alone verify them: a revocation goes through any
 * gateway.
 * @throws Failure INVALID_KEY, SIGNATURE_INVALID, WRONG_NETWORK, PATIENT_UNKNOWN, ORGANISATION_UNKNOWN
 */
export async function verifySigner(
  statement: ReadStatement,
  { ledger, network, genesis, checks }: Verification,
): Promise<void> {
  if (isOf(statement, 'enrolPatient')) return checkEnrolment(statement, network, checks);
  const key = await unlessForbidden(() => signerKey(statement, genesis, ledger));
  if (key === undefined && statement.payload.aud !== network) throw new Failure('WRONG_NETWORK');
  if (key !== undefined) checkSignature(statement, key, network, checks);
}

/**
 * Verifies what a statement carries beside its signature.
 * @param time milliseconds
 * @throws Failure INVALID_PROOF, INVALID_KEY
 */
export function verifyContents(
  statement: ReadStatement,
  { network, checks }: Verification,
  time: number,
): void {
  if (isOf(statement, 'approveDevice')) checkDeviceProof(statement, network, time, checks);
  const bringing = { network, time, checks };
  if (isOf(statement, 'rotateMasterKey') || isOf(statement, 'replaceMasterKey')) {
    newMasterKey(statement, bringing);
  }
  if (isOf(statement, 'addKey') || isOf(statement, 'rotateKey')) {
    checkPairProof(statement.payload.key, { ...bringing, owner: statement.payload.iss });
  }
  if (isOf(statement, 'startRecovery')) {
    checkPairProof(statement.payload.key, { ...bringing, owner: statement.payload.patient });
  }
}

/** What the ledger answers; undefined when it tells care members only. */
export async function unlessForbidden<Answer>(ask: () => Promise<Answer>): Promise<Answer | undefined> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof Failure && error.code === 'CARE_MEMBERS_ONLY') return undefined;
    throw error;
  }
}

/** The key that a statement names, if it signs for its issuer now. */
async function signerKey(
  { payload, kid }: ReadStatement,
  genesis: Genesis,
  ledger: Pick<Ledger, 'evaluate'>,
): Promise<P256Key> {
  const { iss } = payload;
  if (!Thumbprint.safeParse(iss).success) {
    const { masterKey } = memberOf(genesis, iss);
    const { master } = OrganisationFacts.parse(await ledger.evaluate(queries.organisation, iss));
    return master?.key ?? masterKey;
  }
  try {
    const { keys, recovery } = PatientFacts.parse(await ledger.evaluate(queries.patient, iss));
    const key = isByRecoveredKey(payload.act) ? recovery?.sig : keyNamed(keys, kid)?.sig;
    if (!key) throw new Failure('KEY_REVOKED');
    return key;
  } catch (error) {
    if (!(error instanceof Failure) || error.code !== 'PATIENT_UNKNOWN') throw error;
    if (!byPractitioners.has(payload.act)) throw error;
    return PractitionerKey.parse(await ledger.evaluate(queries.practitioner, iss)).sig;
  }
}

const isByRecoveredKey = (act: Act) => act === 'confirmRecovery' || act === 'completeRecovery';

/** Verbs that a practitioner's own key may sign. */
const byPractitioners: ReadonlySet<Act> = new Set([
  'approve',
  'attestDelegate',
  'declareTreatment',
  'openBreakGlass',
  'passOn',
  'refuse',
  'reviewBreakGlass',
  'secondBreakGlass',
  'skip',
  'startRecovery',
  'withdrawApproval',
] satisfies Act[]);

function isOf<Verb extends Act>(
  statement: ReadStatement,
  verb: Verb,
): statement is ReadStatement<StatementOf<Verb>> {
  return statement.payload.act === verb;
}
