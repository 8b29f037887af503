import {
  canonicalJson,
  commitmentRoot,
  decodeBase64url,
  LEAF_BYTES,
  RecordHeader,
  segmentCount,
  utf8Bytes,
} from '@chartkey/vocabulary';
import { sha256 } from '@noble/hashes/sha2.js';
import { Tampered } from '../problems.ts';
import { joined } from './bytes.ts';

/** What the ledger says of a version: enough to check every byte of it. */
export interface Anchor {
  network: string;
  patient: string;
  record: string;
  version: number;
  /** base64url root, as anchored */
  commitment: string;
}

/** A header and leaves that match the anchor's commitment. Made by `verifyVersion` only. */
export interface VerifiedVersion {
  header: RecordHeader;
  /** Whether this is the content of a segment (counted from 0) as committed. */
  isCommitted(segment: number, content: Uint8Array): Promise<boolean>;
}

/**
 * Checks header and leaves of a release against the anchor, before any content is asked for.
 * @param released.leaves standard base64
 * @throws Tampered when the header is malformed, is another version's, or the root differs
 */
export async function verifyVersion(
  released: { access: string; header: unknown; leaves: string },
  anchor: Anchor,
): Promise<VerifiedVersion> {
  const { access } = released;
  const parsed = RecordHeader.safeParse(released.header);
  if (!parsed.success) throw new Tampered(access, 'header', { cause: parsed.error });
  const header = parsed.data;
  const names = ['network', 'patient', 'record', 'version'] as const;
  if (names.some((name) => header[name] !== anchor[name])) throw new Tampered(access, 'header');
  const leaves = bytesOf(released.leaves);
  if (leaves?.length !== segmentCount(header.length) * LEAF_BYTES) throw new Tampered(access, 'leaves');
  const root = await commitmentRoot(utf8Bytes(canonicalJson(header)), leaves, { sha256, nextTurn });
  if (root !== anchor.commitment) throw new Tampered(access, 'commitment');
  return { header, isCommitted: await leafCheck(header.salt, leaves) };
}

/** HMAC-SHA-256(salt, uint32be(position), segment); the first segment's position is 1. */
async function leafCheck(
  salt: string,
  leaves: Uint8Array<ArrayBuffer>,
): Promise<VerifiedVersion['isCommitted']> {
  const { subtle } = globalThis.crypto;
  const hmac = { name: 'HMAC', hash: 'SHA-256' };
  const key = await subtle.importKey('raw', joined(decodeBase64url(salt)), hmac, false, ['verify']);
  return (segment, content) => {
    const position = new Uint8Array(4);
    new DataView(position.buffer).setUint32(0, segment + 1);
    const leaf = leaves.subarray(segment * LEAF_BYTES, (segment + 1) * LEAF_BYTES);
    return subtle.verify('HMAC', key, leaf, joined(position, content));
  };
}

function bytesOf(base64: string): Uint8Array<ArrayBuffer> | undefined {
  try {
    return Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
  } catch {
    return undefined;
  }
}

const nextTurn = () => new Promise((next) => setTimeout(next));
