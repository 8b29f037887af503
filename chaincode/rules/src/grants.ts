import { canonicalJson, Failure, type Genesis, type Grant, type StatementOf } from '@chartkey/vocabulary';
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
export function checkGrantee(genesis: Genesis, organisation: string): void {
  if (memberOf(genesis, organisation).kind !== 'hospital') throw new Failure('KIND_NOT_ALLOWED');
}

/**
 * Is a grant's time span a span?
 * @throws Failure INVALID_STATEMENT
 */
export function checkSpan({ notBefore, notAfter }: StatementOf<'grantConsent'>): void {
  if (notBefore !== undefined && notAfter !== undefined && notBefore >= notAfter) {
    throw new Failure('INVALID_STATEMENT');
  }
}
