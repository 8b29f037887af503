import {
  type Algorithm,
  algorithmOf,
  digest,
  Failure,
  type Genesis,
  instantAt,
  isCareMember,
  LateEntry,
  LateEntryHeader,
  millisecondsOf,
  type Opening,
  type PractitionerKey,
  type PublicKey,
  parseCanonical,
  parseCompactJws,
  type StatementOf,
  Witnessed,
  WitnessedHeader,
} from '@chartkey/vocabulary';
import type * as z from 'zod';
import { checkIsSecond, checkMayBreakGlass, latestEnd, REVIEW_MILLISECONDS } from './emergency.ts';
import { memberOf } from './genesis.ts';
import type { SignatureChecks } from './signature.ts';
import type { ReadStatement } from './statement.ts';

/** Milliseconds after which an entry that was not anchored is a dispute: a day. */
const ANCHORING_MILLISECONDS = 86_400_000;

/** What a device signed, taken apart; nothing is verified yet. */
export interface DeviceSigned<Claims> {
  /** base64url SHA-256 of `header.payload` */
  id: string;
  kid: string;
  algorithm: Algorithm;
  claims: Claims;
  signingInput: string;
  signature: Uint8Array;
}

interface Header {
  alg: Algorithm;
  kid: string;
}

function readSigned<Claims>(
  compact: string,
  header: z.ZodType<Header>,
  claims: z.ZodType<Claims>,
): DeviceSigned<Claims> {
  try {
    const jws = parseCompactJws(compact);
    const { alg: algorithm, kid } = header.parse(parseCanonical(jws.header));
    const { signingInput, signature } = jws;
    const said = claims.parse(parseCanonical(jws.payload));
    return { id: digest(signingInput), kid, algorithm, claims: said, signingInput, signature };
  } catch {
    throw new Failure('LATE_ENTRY_INVALID');
  }
}

/** @throws Failure LATE_ENTRY_INVALID */
export const readLateEntry = (compact: string) => readSigned(compact, LateEntryHeader, LateEntry);
/** @throws Failure LATE_ENTRY_INVALID */
export const readWitnessed = (compact: string) => readSigned(compact, WitnessedHeader, Witnessed);

/** A device as far as a signature by it goes. */
interface SigningDevice {
  device: string;
  organisation: string;
  sig: PublicKey;
  use: string;
}

/**
 * Checks that a gateway's device of this organisation signed.
 * @throws Failure LATE_ENTRY_INVALID
 */
export function checkGatewaySigned(
  { kid, algorithm, signingInput, signature }: DeviceSigned<unknown>,
  { device, organisation: owner, sig, use }: SigningDevice,
  organisation: string,
  checks: SignatureChecks,
): void {
  const own = algorithmOf(sig);
  const isGateways = device === kid && owner === organisation && use === 'gateway' && algorithm === own;
  if (!isGateways || !checks.verifies(own, sig, signingInput, signature)) {
    throw new Failure('LATE_ENTRY_INVALID');
  }
}

/**
 * Checks that another care member's word is for this very entry, on this network.
 * @throws Failure LATE_ENTRY_INVALID
 */
export function checkWitnesses(
  { claims: said }: DeviceSigned<Witnessed>,
  { id, claims }: DeviceSigned<LateEntry>,
  { network, genesis }: { network: string; genesis: Genesis },
): void {
  const { organisation, number } = claims;
  const isSame = said.entry === id && said.organisation === organisation && said.number === number;
  const isHere = claims.network === network && said.network === network;
  const isOther = said.witness !== organisation && isCareMember(memberOf(genesis, said.witness).kind);
  if (!isSame || !isHere || !isOther) throw new Failure('LATE_ENTRY_INVALID');
}

/** The two statements behind an entry, signed by these practitioners' keys. */
export interface LateGlass {
  opened: ReadStatement<StatementOf<'openBreakGlass'>>;
  key: PractitionerKey;
  seconded: ReadStatement<StatementOf<'secondBreakGlass'>>;
  secondKey: PractitionerKey;
}

/**
 * The opening that an entry rests on, as it is noted afterwards. A key revoked since then takes nothing out of
 * the log.
 * @param time ledger time now, milliseconds
 * @throws Failure LATE_ENTRY_INVALID, KIND_NOT_ALLOWED, ROLE_NOT_ALLOWED, NOT_YOURS, SAME_PRACTITIONER
 */
export function lateOpening(
  entry: LateEntry,
  { opened, key, seconded, secondKey }: LateGlass,
  genesis: Genesis,
  time: number,
): Opening {
  const { payload, id } = opened;
  checkMayBreakGlass(key, genesis);
  checkIsSecond(key, secondKey, genesis);
  const at = millisecondsOf(entry.time);
  const end = Math.min(latestEnd(payload), at + payload.minutes * 60_000);
  const isTimely = at >= (payload.iat - 60) * 1000 && at <= end && at <= time + 60_000;
  const isMeant =
    payload.patient === entry.patient &&
    key.organisation === entry.organisation &&
    seconded.payload.opening === id;
  if (!isTimely || !isMeant) throw new Failure('LATE_ENTRY_INVALID');
  const { patient, device, reason, text } = payload;
  const { organisation, practitioner } = key;
  return {
    ...{ opening: id, patient, organisation, key: key.key, practitioner, device, reason, text },
    openedAt: entry.time,
    // Nothing rests on it any more: what goes on takes another opening, by the ledger.
    until: entry.time,
    second: { statement: seconded.id, key: secondKey.key, practitioner: secondKey.practitioner },
    reviewBy: instantAt(time + REVIEW_MILLISECONDS),
  };
}

/** May an entry that is not anchored be reported missing? @throws Failure LATE_ENTRY_NOT_DUE */
export function checkIsMissing({ time }: LateEntry, now: number): void {
  if (now < millisecondsOf(time) + ANCHORING_MILLISECONDS) throw new Failure('LATE_ENTRY_NOT_DUE');
}
