import type { Algorithm } from '@chartkey/vocabulary';

/** Orders of the groups (FIPS 186-5, SP 800-186 section 3.2.1). */
const orders: Partial<Record<Algorithm, bigint>> = {
  ES256: 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n,
  ES384: 0xffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973n,
};

const numberOf = (bytes: Uint8Array) =>
  BigInt(`0x${[...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('')}`);

/**
 * The same signature with the smaller of its two possible s. Both verify, so the ledger takes only this
 * one; WebCrypto gives either. RSA signatures come back as they are.
 * @throws TypeError when a signer gave something else than r and s side by side (RFC 7518 section 3.4)
 */
export function lowS(signature: Uint8Array, algorithm: Algorithm): Uint8Array {
  const order = orders[algorithm];
  if (order === undefined) return signature;
  const half = algorithm === 'ES256' ? 32 : 48;
  if (signature.length !== 2 * half) {
    throw new TypeError(
      `an ${algorithm} signature has ${2 * half} bytes, r and s side by side; the signer gave ${signature.length} (DER?)`,
    );
  }
  const s = numberOf(signature.subarray(half));
  if (s <= order / 2n) return signature;
  const low = (order - s).toString(16).padStart(2 * half, '0');
  return Uint8Array.from(signature, (byte, at) =>
    at < half ? byte : Number.parseInt(low.slice(2 * (at - half), 2 * (at - half) + 2), 16),
  );
}
