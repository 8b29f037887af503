import { type KeyObject, sign, verify } from 'node:crypto';

/** Half the order of P-256. Fabric refuses signatures with a larger s, since (r, n - s) verifies too. */
const ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
const HALF_ORDER = ORDER >> 1n;
const HALF_ORDER_BYTES = scalarBytes(HALF_ORDER);

/** ECDSA P-256 over SHA-256, DER, low s, as Fabric's endorsers and orderers sign. */
export function signLowS(key: KeyObject, data: Uint8Array): Buffer {
  const signature = sign('sha256', data, key);
  const raw = parseDer(signature)!;
  const s = raw.subarray(32);
  if (Buffer.compare(s, HALF_ORDER_BYTES) <= 0) return signature;
  const low = scalarBytes(ORDER - BigInt(`0x${s.toString('hex')}`));
  const body = Buffer.concat([derInteger(raw.subarray(0, 32)), derInteger(low)]);
  return Buffer.concat([Buffer.from([0x30, body.length]), body]);
}

/** True only for a strict DER signature with low s that verifies. */
export function verifyLowS(key: KeyObject, data: Uint8Array, signature: Uint8Array): boolean {
  return hasLowS(signature) && verify('sha256', data, key, signature);
}

/** The same on another thread, for signatures that nobody waits for right now. */
export function verifyLowSAside(key: KeyObject, data: Uint8Array, signature: Uint8Array): Promise<boolean> {
  if (!hasLowS(signature)) return Promise.resolve(false);
  return new Promise((resolve, reject) => {
    verify('sha256', data, key, signature, (error, valid) => (error ? reject(error) : resolve(valid)));
  });
}

function hasLowS(signature: Uint8Array): boolean {
  const raw = parseDer(Buffer.from(signature.buffer, signature.byteOffset, signature.byteLength));
  return raw !== undefined && Buffer.compare(raw.subarray(32), HALF_ORDER_BYTES) <= 0;
}

function scalarBytes(value: bigint): Buffer {
  return Buffer.from(value.toString(16).padStart(64, '0'), 'hex');
}

function derInteger(scalar: Buffer): Buffer {
  let start = 0;
  while (start < scalar.length - 1 && scalar[start] === 0) start++;
  const digits = scalar.subarray(start);
  const pad = digits[0]! >= 0x80 ? [0] : [];
  return Buffer.from([0x02, digits.length + pad.length, ...pad, ...digits]);
}

/** r and s, 32 bytes each; undefined when not the one DER encoding of two P-256 scalars. */
function parseDer(der: Buffer): Buffer | undefined {
  if (der.length < 8 || der.length > 72 || der[0] !== 0x30 || der[1] !== der.length - 2) return undefined;
  const raw = Buffer.alloc(64);
  let at = 2;
  for (let i = 0; i < 2; i++) {
    const length = der[at + 1] ?? 0;
    const integer = der.subarray(at + 2, at + 2 + length);
    if (der[at] !== 0x02 || length === 0 || integer.length !== length || integer[0]! >= 0x80)
      return undefined;
    const padded = integer[0] === 0 && length > 1;
    if (padded && integer[1]! < 0x80) return undefined;
    const digits = padded ? integer.subarray(1) : integer;
    if (digits.length > 32) return undefined;
    digits.copy(raw, 32 * i + 32 - digits.length);
    at += 2 + length;
  }
  return at === der.length ? raw : undefined;
}
