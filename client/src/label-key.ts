import {
  canonicalJson,
  encodeBase64url,
  type LabelKeyFor,
  type P256Key,
  thumbprint,
  utf8Bytes,
} from '@chartkey/vocabulary';
import { joined } from './opening/bytes.ts';
import { wrappingKeyOf } from './opening/data-key.ts';

const { subtle } = globalThis.crypto;
const ecdh = { name: 'ECDH', namedCurve: 'P-256' };

/**
 * Seals a key for labels as a compact JWE (RFC 7516): ECDH-ES+A256KW with a fresh ephemeral key, A256GCM.
 * @param key 32 bytes
 * @param recipient the custodian's gateway device's public `enc` key
 */
export async function sealLabelKey(key: Uint8Array, recipient: P256Key, use: LabelKeyFor): Promise<string> {
  const [ephemeral, publicKey] = await Promise.all([
    subtle.generateKey(ecdh, true, ['deriveBits']),
    subtle.importKey('jwk', { ...recipient }, ecdh, true, []),
  ]);
  const { crv, kty, x, y } = await subtle.exportKey('jwk', ephemeral.publicKey);
  const head = encodeBase64url(
    utf8Bytes(
      canonicalJson({
        ...{ alg: 'ECDH-ES+A256KW', enc: 'A256GCM', epk: { crv, kty, x, y }, kid: thumbprint(recipient) },
        ...use,
      }),
    ),
  );
  const contentKey = await subtle.generateKey({ name: 'AES-GCM', length: 256 }, true, ['encrypt']);
  const secret = await subtle.deriveBits({ name: 'ECDH', public: publicKey }, ephemeral.privateKey, 256);
  const wrapping = await wrappingKeyOf(new Uint8Array(secret), 'wrapKey');
  const encryptedKey = new Uint8Array(await subtle.wrapKey('raw', contentKey, wrapping, 'AES-KW'));
  const iv = globalThis.crypto.getRandomValues(new Uint8Array(12));
  const sealing = { name: 'AES-GCM', iv, additionalData: joined(utf8Bytes(head)) };
  const sealed = new Uint8Array(await subtle.encrypt(sealing, contentKey, joined(key)));
  const parts = [encryptedKey, iv, sealed.subarray(0, key.length), sealed.subarray(key.length)];
  return [head, ...parts.map(encodeBase64url)].join('.');
}
