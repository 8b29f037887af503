import {
  canonicalJson,
  decodeBase64url,
  encodeBase64url,
  type Place,
  parseCanonical,
  utf8Bytes,
  WalletBackup,
  WalletContents,
} from '@chartkey/vocabulary';
import { scryptAsync } from '@noble/hashes/scrypt.js';
import { joined } from './opening/bytes.ts';
import { ChartkeyError } from './problems.ts';

const { subtle } = globalThis.crypto;
/** OWASP's recommendation for scrypt (Password Storage Cheat Sheet): 128 MiB, about a second. */
const cost = { N: 2 ** 17, r: 8, p: 1 };
/** Characters of a passphrase at least. */
const SHORTEST = 12;

/** It is no backup, was changed, or the passphrase is another one: nobody can tell which. */
export class BackupUnreadable extends ChartkeyError {
  override readonly name = 'BackupUnreadable';
  outcomeUnknown = false;
  constructor(cause: unknown) {
    super('the backup does not open: check the passphrase', { cause });
  }
}

/** What a wallet is made of again. */
export interface Kept {
  seed: Uint8Array;
  places: readonly Place[];
}

/** A wallet's contents under a passphrase: canonical JSON, to be kept anywhere. @throws TypeError for a short one */
export async function sealedBackup(contents: Kept, passphrase: string): Promise<string> {
  if ([...passphrase].length < SHORTEST) {
    throw new TypeError(`a passphrase has ${SHORTEST} characters at least: it alone guards the backup`);
  }
  const random = (bytes: number) => globalThis.crypto.getRandomValues(new Uint8Array(bytes));
  const [salt, iv] = [random(16), random(12)];
  const { places, seed } = contents;
  const plain = utf8Bytes(canonicalJson({ places, seed: encodeBase64url(seed) }));
  const key = await keyOf(passphrase, salt, 'encrypt');
  const sealed = await subtle.encrypt({ name: 'AES-GCM', iv }, key, joined(plain));
  const format = 'chartkey-wallet-backup/1';
  return canonicalJson({
    ...{ format, iv: encodeBase64url(iv), salt: encodeBase64url(salt) },
    sealed: encodeBase64url(new Uint8Array(sealed)),
  });
}

/** @throws BackupUnreadable */
export async function openedBackup(backup: string, passphrase: string): Promise<Kept> {
  try {
    const { salt, iv, sealed } = WalletBackup.parse(parseCanonical(backup));
    const key = await keyOf(passphrase, salt, 'decrypt');
    const opening = { name: 'AES-GCM', iv: joined(iv) };
    const plain = new Uint8Array(await subtle.decrypt(opening, key, joined(sealed)));
    const { seed, places } = WalletContents.parse(parseCanonical(new TextDecoder().decode(plain)));
    return { seed: decodeBase64url(seed), places };
  } catch (cause) {
    throw new BackupUnreadable(cause);
  }
}

async function keyOf(passphrase: string, salt: Uint8Array, use: KeyUsage): Promise<CryptoKey> {
  // What looks the same is the same, however a keyboard composes it.
  const bytes = await scryptAsync(utf8Bytes(passphrase.normalize('NFKC')), salt, { ...cost, dkLen: 32 });
  return subtle.importKey('raw', joined(bytes), 'AES-GCM', false, [use]);
}
