import {
  canonicalJson,
  decodeBase64url,
  PROLOGUE_BYTES,
  type SealedRelease,
  utf8Bytes,
} from '@chartkey/vocabulary';
import { Tampered } from '../problems.ts';
import { joined } from './bytes.ts';
import { segmentOpener } from './segment-cipher.ts';
import type { Anchor } from './verified-version.ts';

/**
 * Opens a header that is sealed under the data key, as the vault seals it: one segment whose associated data
 * names the version and the part. What it says is not compared with the anchor yet.
 * @throws Tampered
 */
export async function openHeader(
  { access, sealedHeader }: Pick<SealedRelease, 'access' | 'sealedHeader'>,
  dataKey: CryptoKey,
  { network, record, version }: Anchor,
): Promise<unknown> {
  try {
    const sealed = joined(decodeBase64url(sealedHeader));
    const associatedData = utf8Bytes(canonicalJson({ network, record, version, part: 'header' }));
    const open = await segmentOpener(dataKey, sealed.subarray(0, PROLOGUE_BYTES), associatedData);
    const header = await open?.(0, true, sealed.subarray(PROLOGUE_BYTES));
    if (!header) throw new SyntaxError('it does not open');
    return JSON.parse(new TextDecoder().decode(header));
  } catch (cause) {
    throw new Tampered(access, 'header', { cause });
  }
}
