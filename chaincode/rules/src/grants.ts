import {
  canonicalJson,
  Failure,
  type Genesis,
  type Grant,
  type Grantee,
  type StatementOf,
} from '@chartkey/vocabulary';
import { hasEnded, isUsedUp } from './coverage.ts';
import { memberOf } from './genesis.ts';

/** Live grants that one patient may have for one organisation. */
export const MOST_GRANTS = 256;
/** Bytes of their value on the ledger: each counted use writes it whole. */
const MOST_GRANTS_BYTES = 65_536;

/**
 * Adds a grant; ended and used-up ones make room when it is needed.
 * @throws Failure GRANT_LIMIT when 256 live ones, or 64 KiB of them, stand already
 */
export function addGrant(grants: readonly Grant[], grant: Grant, time: number): Grant[] {
  const kept =
    grants.length < MOST_GRANTS ? grants : grants.filter((one) => !hasEnded(one, time) && !isUsedUp(one));
  const grown = [...kept, grant];
  const isTooMany = grown.length > MOST_GRANTS || canonicalJson(grown).length > MOST_GRANTS_BYTES;
  if (isTooMany) throw new Failure('GRANT_LIMIT');
  return grown;
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
 * Does a grant make sense: a time span that is one, and nothing counted or for all treating that is passed on?
 * @throws Failure INVALID_STATEMENT
 */
export function checkWords(words: StatementOf<'grantConsent'>): void {
  const { notBefore, notAfter, passOn, maxUses, grantee } = words;
  const isSpan = notBefore === undefined || notAfter === undefined || notBefore < notAfter;
  const isPassable = !passOn || (maxUses === undefined && !('treating' in grantee));
  if (!isSpan || !isPassable) throw new Failure('INVALID_STATEMENT');
}

/**
 * The grant that a referral makes for another hospital: the same words, never passed on again.
 * @param id of the `passOn` statement
 * @throws Failure PASS_ON_NOT_GRANTED
 */
export function passedOn(grant: Grant, id: string, to: string): Grant {
  const isOnce = grant.passOn && !('treating' in grant.grantee) && grant.grantee.organisation !== to;
  if (!isOnce || grant.passedTo) throw new Failure('PASS_ON_NOT_GRANTED');
  const { passOn: _once, passedTo: _none, ...words } = grant;
  return { ...words, grant: id, grantee: { organisation: to }, uses: 0, from: grant.grant };
}
