import * as z from 'zod';
import { decodeBase64url } from './base64url.ts';
import { canonicalJson } from './canonical.ts';
import { digest } from './digest.ts';

const octets = (bytes: number) =>
  z.string().refine((text) => {
    try {
      return decodeBase64url(text).length === bytes;
    } catch {
      return false;
    }
  }, `not canonical base64url of ${bytes} bytes`);

/** A public P-256 key, exactly its public members (RFC 7518 section 6.2.1). */
export const P256Key = z.strictObject({
  kty: z.literal('EC'),
  crv: z.literal('P-256'),
  x: octets(32),
  y: octets(32),
});
export type P256Key = z.infer<typeof P256Key>;

/** A public P-384 key, exactly its public members. */
export const P384Key = z.strictObject({
  kty: z.literal('EC'),
  crv: z.literal('P-384'),
  x: octets(48),
  y: octets(48),
});
export type P384Key = z.infer<typeof P384Key>;

/** A public RSA key of 2048 to 4096 bits with the exponent 65537 (RFC 7518 section 6.3.1). */
export const RsaKey = z.strictObject({
  kty: z.literal('RSA'),
  n: z.string().refine((text) => {
    try {
      const bytes = decodeBase64url(text);
      return bytes.length >= 256 && bytes.length <= 512 && (bytes[0] ?? 0) >= 0x80;
    } catch {
      return false;
    }
  }, 'not an RSA modulus of 2048 to 4096 bits'),
  e: z.literal('AQAB'),
});
export type RsaKey = z.infer<typeof RsaKey>;

/** The keys a device may sign with. */
export const DeviceKey = z.union([P256Key, P384Key, RsaKey]);
export type PublicKey = z.infer<typeof DeviceKey>;

/** The algorithms of signatures (RFC 7518 section 3.1), and the key each takes. */
export const Algorithm = z.enum(['ES256', 'ES384', 'RS384']);
export type Algorithm = z.infer<typeof Algorithm>;

/** The one algorithm a key signs with. */
export function algorithmOf(key: PublicKey): Algorithm {
  if (key.kty === 'RSA') return 'RS384';
  return key.crv === 'P-256' ? 'ES256' : 'ES384';
}

/** RFC 7638 thumbprint (SHA-256, base64url, 43 characters) of a public key. */
export function thumbprint(key: PublicKey): string {
  const { kty } = key;
  return digest(
    canonicalJson(
      key.kty === 'RSA' ? { e: key.e, kty, n: key.n } : { crv: key.crv, kty, x: key.x, y: key.y },
    ),
  );
}
