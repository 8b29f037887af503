import {
  canonicalJson,
  Failure,
  type Genesis,
  type Grant,
  type Grantee,
  malformed,
  type PractitionerKey,
  type StatementOf,
} from '@chartkey/vocabulary';
import { hasEnded, isUsedUp } from './coverage.ts';
import { memberOf } from './genesis.ts';
import { checkLabelKey } from './label-key.ts';

/** Live grants that one patient may have for one organisation. */
export const MOST_GRANTS = 256;
/** Live grants to everybody treating that one patient may have: every access reads them. */
export const MOST_TREATING = 16;
/** Bytes of their value on the ledger: each counted use writes it whole. */
const MOST_GRANTS_BYTES = 65_536;
/** Of those to everybody treating, which stand in the patient's own value. */
const MOST_TREATING_BYTES = 16_384;

/**
 * Adds a grant among those to the same grantees; ended and used-up ones make room when it is needed.
 * @throws Failure GRANT_LIMIT when 256 live ones, or 64 KiB of them, stand already (to everybody treating: 16, 16 KiB)
 */
export function addGrant(grants: readonly Grant[], grant: Grant, time: number): Grant[] {
  const isToAll = 'treating' in grant.grantee;
  const most = isToAll ? MOST_TREATING : MOST_GRANTS;
  const mostBytes = isToAll ? MOST_TREATING_BYTES : MOST_GRANTS_BYTES;
  const fits = (all: Grant[]) => all.length <= most && canonicalJson(all).length <= mostBytes;
  const grown = [...grants, grant];
  if (fits(grown)) return grown;
  const live = [...grants.filter((one) => !hasEnded(one, time) && !isUsedUp(one)), grant];
  if (!fits(live)) throw new Failure('GRANT_LIMIT');
  return live;
}

/**
 * May this grant be made at all? Content goes to hospitals only, so a grant to another kind is refused.
 * @throws Failure ORGANISATION_UNKNOWN, KIND_NOT_ALLOWED
 */
export function checkGrantee(genesis: Genesis, grantee: Grantee): void {
  if ('treating' in grantee) return;
  checkHospital(genesis, grantee.organisation);
}

/** @throws Failure ORGANISATION_UNKNOWN, KIND_NOT_ALLOWED */
export function checkHospital(genesis: Genesis, organisation: string): void {
  if (memberOf(genesis, organisation).kind !== 'hospital') throw new Failure('KIND_NOT_ALLOWED');
}

/**
 * Does a grant make sense: a time span that is one, nothing counted or for all treating that is passed on, a
 * label key only for one recorder?
 * @throws Failure INVALID_STATEMENT
 */
export function checkWords(words: StatementOf<'grantConsent'>): void {
  const { notBefore, notAfter, passOn, maxUses, grantee } = words;
  const isSpan = notBefore === undefined || notAfter === undefined || notBefore < notAfter;
  const isPassable = !passOn || (maxUses === undefined && !('treating' in grantee));
  if (!isSpan) throw malformed('payload.notAfter');
  if (!isPassable) throw malformed('payload.passOn');
  checkLabelKey(words);
}

/**
 * The grant that a referral makes for another hospital: the same words, never passed on again. Whom the patient
 * narrowed it to passes it on; a role narrows it there as well.
 * @param by the practitioner key of the grantee's organisation that passes it on
 * @param id of the `passOn` statement
 * @throws Failure PASS_ON_NOT_GRANTED
 */
export function passedOn(
  grant: Grant,
  by: Pick<PractitionerKey, 'organisation' | 'practitioner' | 'role'>,
  { id, to }: { id: string; to: string },
): Grant {
  const { passOn, passedTo, grantee, ...words } = grant;
  if (!passOn || passedTo || 'treating' in grantee) throw new Failure('PASS_ON_NOT_GRANTED');
  const { organisation, practitioner, role, department, device } = grantee;
  // A practitioner's key tells of no department and no device: whom it is for must be named, or it is for all.
  const isToPart = department !== undefined || device !== undefined;
  if (isToPart && practitioner === undefined) throw new Failure('PASS_ON_NOT_GRANTED');
  const isGrantees =
    by.organisation === organisation &&
    (practitioner === undefined || by.practitioner === practitioner) &&
    (role === undefined || by.role === role);
  if (!isGrantees || organisation === to) throw new Failure('PASS_ON_NOT_GRANTED');
  const there = { organisation: to, ...(role !== undefined && { role }) };
  return { ...words, grant: id, grantee: there, uses: 0, from: grant.grant };
}
