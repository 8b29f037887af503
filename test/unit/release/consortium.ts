import { generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import { isLowS } from '@chartkey/rules';
import {
  base32Id,
  canonicalJson,
  digest,
  type Genesis,
  networkId,
  type P256Key,
  signingInput,
  thumbprint,
} from '@chartkey/vocabulary';
import { gatewayDevice } from '../../../gateway/src/release/index.ts';

export interface KeyPair {
  key: P256Key;
  secret: KeyObject;
}

export interface TestDevice {
  device: string;
  organisation: string;
  sig: KeyPair;
  enc: KeyPair;
  use: 'workstation' | 'ehr' | 'gateway';
  statement: string;
  id: string;
  validUntil?: string;
}

export const seconds = (time: number) => Math.floor(time / 1000);
export const newId = () => base32Id(randomBytes(16));
export const newTransaction = () => randomBytes(32).toString('hex');
export const idOf = (compact: string) => digest(compact.slice(0, compact.lastIndexOf('.')));

export function newKeys(): KeyPair {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return { key: publicKey.export({ format: 'jwk' }) as P256Key, secret: privateKey };
}

/** A compact JWS by a P-256 key, low-s as statements need it. */
export function signed(header: object, payload: object, secret: KeyObject): string {
  const text = signingInput(canonicalJson(header), canonicalJson(payload));
  for (;;) {
    const signature = sign('sha256', Buffer.from(text), { key: secret, dsaEncoding: 'ieee-p1363' });
    if (isLowS(signature)) return `${text}.${signature.toString('base64url')}`;
  }
}

export function gatewayDeviceOf({ sig, enc }: TestDevice) {
  const jwk = (pair: KeyPair) => pair.secret.export({ format: 'jwk' }) as Record<string, unknown>;
  return gatewayDevice({ sig: jwk(sig), enc: jwk(enc) });
}

/** Two hospitals and an insurer that really sign; nothing in it comes from a ledger. */
export class TestConsortium {
  readonly masters = new Map<string, KeyPair>();
  readonly genesis: Genesis;
  readonly network: string;

  constructor(urls: Record<string, string> = {}, options: { demo?: boolean } = {}) {
    const members = [
      ['RiversideMSP', 'hospital'],
      ['LakesideMSP', 'hospital'],
      ['InsurerMSP', 'third-party'],
    ] as const;
    this.genesis = {
      format: 'chartkey-genesis/1',
      demo: options.demo ?? true,
      ledger: 'embedded',
      channel: 'records',
      salt: randomBytes(32).toString('base64url'),
      organisations: members.map(([id, kind], at) => {
        const keys = newKeys();
        this.masters.set(id, keys);
        const url = urls[id] ?? `http://127.0.0.1:${7001 + at}`;
        return { id, name: id, kind, url, tokenUrl: `${url}/v1/oauth/token`, masterKey: keys.key };
      }),
    };
    this.network = networkId(this.genesis);
  }

  statement(keys: KeyPair, payload: object): string {
    const header = { alg: 'ES256', kid: thumbprint(keys.key), typ: 'chartkey-statement+jwt' };
    const iat = seconds(Date.now());
    return signed(header, { aud: this.network, iat, exp: iat + 600, ...payload }, keys.secret);
  }

  /** A device with its approval by its organisation's master key, or by another key. */
  device(
    organisation: string,
    use: TestDevice['use'],
    other: { by?: KeyPair; validUntil?: string; perRequestProof?: true } = {},
  ): TestDevice {
    const [sig, enc] = [newKeys(), newKeys()];
    const exp = seconds(Date.now()) + 3600;
    const { network } = this;
    const proof = signed(
      { alg: 'ES256', typ: 'chartkey-device+jwt' },
      { network, organisation, sig: sig.key, enc: enc.key, use, exp },
      sig.secret,
    );
    const { validUntil, perRequestProof } = other;
    const master = other.by ?? (this.masters.get(organisation) as KeyPair);
    const statement = this.statement(master, {
      act: 'approveDevice',
      iss: organisation,
      seq: 1,
      device: proof,
      ...(validUntil && { validUntil }),
      ...(perRequestProof && { perRequestProof }),
    });
    const device = thumbprint(sig.key);
    return {
      device,
      organisation,
      sig,
      enc,
      use,
      statement,
      id: idOf(statement),
      ...(validUntil && { validUntil }),
    };
  }

  /** An enrolled patient. */
  patient() {
    const [sig, enc] = [newKeys(), newKeys()];
    const patient = thumbprint(sig.key);
    const payload = { act: 'enrolPatient', iss: patient, seq: 1, sig: sig.key, enc: enc.key };
    const statement = this.statement(sig, payload);
    return { patient, sig, enc, statement, id: idOf(statement) };
  }

  grant(patient: string, keys: KeyPair, grantee: object, more: object = {}) {
    const statement = this.statement(keys, {
      act: 'grantConsent',
      iss: patient,
      seq: 2,
      grantee,
      scope: 'all',
      actions: ['read'],
      purposes: ['TREAT'],
      ...more,
    });
    return { statement, id: idOf(statement) };
  }
}
