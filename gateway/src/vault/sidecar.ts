import { Base32Id, canonicalJson, type RecordHeader } from '@chartkey/vocabulary';
import * as z from 'zod';
import { parseStored, StoredBytes, storedText } from './canonical-file.ts';
import { Tampered } from './failures.ts';
import { unwrapKey, wrapKey } from './key-wrap.ts';
import { associatedDataOf, openSmall, sealSmall, type VersionName } from './sealing.ts';

/** A sidecar of a content of 4 GiB has 2.8 MB; this leaves room for 32 GiB. */
export const MOST_SIDECAR_BYTES = 24 << 20;

const Sidecar = z.strictObject({
  format: z.literal('chartkey-sidecar/1'),
  /** which attempt's content this belongs to */
  attempt: Base32Id,
  /** the data key under the patient's key */
  key: StoredBytes,
  header: StoredBytes,
  leaves: StoredBytes,
});

/** What is kept beside a version's content, in the clear only while it is used. */
export interface SidecarContents {
  readonly attempt: string;
  readonly dataKey: Uint8Array;
  readonly header: RecordHeader;
  readonly leaves: Uint8Array;
}

/** The bytes of a sidecar: data key wrapped by the patient's key, header sealed by the data key, leaves. */
export function sidecarBytes(
  { attempt, dataKey, header, leaves }: SidecarContents,
  patientKey: Uint8Array,
): Buffer {
  const headerBytes = Buffer.from(canonicalJson(header));
  return storedText({
    format: 'chartkey-sidecar/1',
    attempt,
    key: wrapKey(dataKey, patientKey, nameOf(header)).toString('base64url'),
    header: sealSmall(headerBytes, dataKey, associatedDataOf(header, 'header')).toString('base64url'),
    leaves: Buffer.from(leaves).toString('base64url'),
  });
}

/**
 * Opens a sidecar. Header and leaves are not yet compared with the anchor.
 * @throws Tampered
 */
export function openSidecar(bytes: Buffer, patientKey: Uint8Array, name: VersionName) {
  const { attempt, key, header, leaves } = parseStored(bytes, Sidecar, 'a sidecar');
  const dataKey = unwrapKey(key, patientKey, nameOf(name));
  const headerBytes = openSmall(header, dataKey, associatedDataOf(name, 'header'));
  try {
    return {
      attempt,
      dataKey,
      leaves,
      sealedHeader: header,
      header: JSON.parse(headerBytes.toString()) as unknown,
    };
  } catch (error) {
    throw new Tampered('header', { cause: error });
  }
}

/** The attempt that a sidecar belongs to, as far as can be told without keys. @throws Tampered */
export function attemptOf(bytes: Buffer): string {
  return parseStored(bytes, Sidecar, 'a sidecar').attempt;
}

function nameOf({ network, record, version }: VersionName) {
  return { network, record, version };
}
