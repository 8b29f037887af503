import { createPrivateKey, createPublicKey, type KeyObject, sign } from 'node:crypto';
import {
  type Algorithm,
  algorithmOf,
  canonicalJson,
  DeviceKey,
  P256Key,
  signingInput,
  thumbprint,
} from '@chartkey/vocabulary';

/** This gateway's own device: it asks for releases and is the one that keys are wrapped for. */
export interface GatewayDevice {
  /** thumbprint of its signing key */
  device: string;
  algorithm: Algorithm;
  /** private */
  sig: KeyObject;
  /** private */
  enc: KeyObject;
  /** thumbprint of `enc`: the `kid` of what is wrapped for it */
  encId: string;
}

type PrivateJwk = Record<string, unknown>;

/**
 * The device of a pair of private JWKs.
 * @throws TypeError or ZodError for keys that are not of a kind this network accepts
 */
export function gatewayDevice(keys: { sig: PrivateJwk; enc: PrivateJwk }): GatewayDevice {
  const [sig, enc] = [keys.sig, keys.enc].map((key) => createPrivateKey({ key, format: 'jwk' }));
  if (!sig || !enc) throw new TypeError('a gateway device needs a signing and an encryption key');
  const sigKey = DeviceKey.parse(publicJwk(sig));
  return {
    device: thumbprint(sigKey),
    algorithm: algorithmOf(sigKey),
    sig,
    enc,
    encId: thumbprint(P256Key.parse(publicJwk(enc))),
  };
}

const digests: Record<Algorithm, string> = { ES256: 'sha256', ES384: 'sha384', RS384: 'sha384' };

/**
 * A compact JWS by the device over canonical JSON, its header exactly `alg`, `kid` and this `typ`.
 * @param more members of the header
 */
export function signedBy(
  { algorithm, device, sig }: GatewayDevice,
  typ: string,
  payload: object,
  more: object = {},
): string {
  const header = { ...more, alg: algorithm, kid: device, typ };
  const signed = signingInput(canonicalJson(header), canonicalJson(payload));
  const key = { key: sig, dsaEncoding: 'ieee-p1363' as const };
  return `${signed}.${sign(digests[algorithm], Buffer.from(signed), key).toString('base64url')}`;
}

function publicJwk(key: KeyObject): unknown {
  return createPublicKey(key).export({ format: 'jwk' });
}
