import type { OpenRelease, P256Key, SealedRelease } from '@chartkey/vocabulary';
import type { OpenedVersion } from '../vault/index.ts';
import type { Claim } from './entitlement.ts';
import { wrapDataKey } from './key-wrapping.ts';

/** A released version of this organisation's own, for its own gateway. */
export interface Handed {
  opened: OpenedVersion;
  claim: Claim;
  /** the reader's own key, where the version is read end to end: nobody else gets the data key */
  reader: P256Key | undefined;
  /** all sealed bytes of a small version, for another gateway: it need not ask for them */
  sealed?: Buffer | undefined;
}

/** Header, leaves and the key, wrapped for one gateway. */
export function openedFor(handed: Handed, enc: P256Key): OpenRelease {
  const { opened, sealed } = handed;
  return {
    ...wrappedFor(handed, enc),
    header: opened.version.header,
    ...(sealed && { sealed: sealed.toString('base64') }),
  };
}

/** The same for one reader: nobody on the way learns what kind of content it is, or its digest. */
export function sealedFor(handed: Handed, enc: P256Key): SealedRelease {
  const sealedHeader = Buffer.from(handed.opened.sealedHeader).toString('base64url');
  return { ...wrappedFor(handed, enc), sealedHeader };
}

function wrappedFor({ claim, opened }: Handed, enc: P256Key) {
  const { access, record, version } = claim.entry;
  const key = wrapDataKey(opened.dataKey, enc, { access, record, version });
  opened.dataKey.fill(0);
  const leaves = Buffer.from(opened.version.leaves).toString('base64');
  return { access, leaves, key };
}
