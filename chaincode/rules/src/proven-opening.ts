import {
  Failure,
  type Genesis,
  instantAt,
  type LiveOpening,
  type P256Key,
  type PractitionerKey,
} from '@chartkey/vocabulary';
import { checkIsSecond, checkMayBreakGlass, latestEnd } from './emergency.ts';
import { checkKeyProof } from './key-proof.ts';
import type { SignatureChecks } from './signature.ts';
import { practitionersAuthor, type Signers } from './standing/author.ts';
import { checkSignature, readStatement } from './statement.ts';

/** The statements of an opening, compact. */
export interface OpeningStatements {
  opening: string;
  second?: string | undefined;
}

/** What an opening must be for, and when: the facts of the access that rests on it. */
export interface OpeningUse {
  patient: string;
  organisation: string;
  genesis: Genesis;
  /** milliseconds */
  time: number;
}

/**
 * Proves an opening from statements alone: practitioners' keys, which `signers` proves from their
 * registrations -> opening -> second. Device and practitioner are what the access is then compared with
 * (`decideAccess`, with this as its only opening).
 * @throws Failure INVALID_STATEMENT, PRACTITIONER_UNKNOWN, PRACTITIONER_REVOKED, PRACTITIONER_EXPIRED,
 * SIGNATURE_INVALID, WRONG_NETWORK, KIND_NOT_ALLOWED, ROLE_NOT_ALLOWED, NOT_YOURS, SAME_PRACTITIONER,
 * BREAK_GLASS_OVER
 */
export async function provenOpening(
  { opening, second }: OpeningStatements,
  { patient, organisation, genesis, time }: OpeningUse,
  signers: Signers,
): Promise<LiveOpening> {
  const opened = readStatement(opening, 'openBreakGlass');
  const { key } = await practitionersAuthor(opened, signers, time);
  checkMayBreakGlass(key, genesis);
  const { payload, id } = opened;
  if (payload.patient !== patient || key.organisation !== organisation) throw new Failure('NOT_YOURS');
  const end = latestEnd(payload);
  if (time > end) throw new Failure('BREAK_GLASS_OVER');
  const { practitioner } = key;
  const proven = { opening: id, key: key.key, practitioner, device: payload.device, until: instantAt(end) };
  if (second === undefined) return proven;
  const seconded = readStatement(second, 'secondBreakGlass');
  const author = await practitionersAuthor(seconded, signers, time);
  if (seconded.payload.opening !== id) throw new Failure('NOT_YOURS');
  checkIsSecond(key, author.key, genesis);
  return { ...proven, second: author.key.key };
}

/**
 * Proves a practitioner's key from its registration alone; whether it was revoked since is another question.
 * @param masterKey the organisation's, as it was then
 * @throws Failure INVALID_STATEMENT, WRONG_NETWORK, SIGNATURE_INVALID, INVALID_PROOF, INVALID_KEY
 */
export function verifyRegistration(
  registration: string,
  masterKey: P256Key,
  { network, checks }: { network: string; checks: SignatureChecks },
): Omit<PractitionerKey, 'registeredAt' | 'status'> {
  const statement = readStatement(registration, 'registerPractitioner');
  checkSignature(statement, masterKey, network, checks);
  const { iss: organisation, key: proof, practitioner, role, validUntil } = statement.payload;
  const bringing = { network, owner: organisation, time: undefined, checks };
  const { key, sig } = checkKeyProof(proof, bringing);
  return { key, organisation, practitioner, role, sig, statement: statement.id, validUntil };
}
