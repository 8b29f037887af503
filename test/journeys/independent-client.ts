// A hospital, a patient and a regulator written from wire.md alone: node:crypto and fetch, none of our code.
import { createHash, createPrivateKey, generateKeyPairSync, randomBytes, sign } from 'node:crypto';

type Jwk = Record<string, string>;
type Json = Record<string, unknown>;

const base64url = (content: string | Buffer) => Buffer.from(content).toString('base64url');
const sha256 = (content: string | Buffer) => createHash('sha256').update(content).digest();

/** RFC 8785 for what the wire uses: texts, whole numbers, arrays and objects. */
export function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([name, member]) => `${JSON.stringify(name)}:${canonical(member)}`).join(',')}}`;
}

/** 128 random bits in 26 letters of `a-z2-7`. */
export function randomId(): string {
  let bits = BigInt(`0x${randomBytes(16).toString('hex')}`) << 2n;
  let text = '';
  for (let letter = 0; letter < 26; letter += 1) {
    text = 'abcdefghijklmnopqrstuvwxyz234567'[Number(bits & 31n)] + text;
    bits >>= 5n;
  }
  return text;
}

export interface Key {
  jwk: Jwk;
  publicJwk: Jwk;
  id: string;
}

export function keyFrom(jwk: Jwk): Key {
  const { kty, crv, x, y } = jwk as { kty: string; crv: string; x: string; y: string };
  return { jwk, publicJwk: { kty, crv, x, y }, id: base64url(sha256(canonical({ crv, kty, x, y }))) };
}

export function makeKey(): Key {
  return keyFrom(
    generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'jwk' }) as Jwk,
  );
}

const order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;

/** Compact JWS, ES256, low s. */
export function jws(header: Json, payload: Json, { jwk }: Key): string {
  const input = `${base64url(canonical(header))}.${base64url(canonical(payload))}`;
  const key = createPrivateKey({ format: 'jwk', key: jwk });
  const signature = sign('sha256', Buffer.from(input), { key, dsaEncoding: 'ieee-p1363' });
  const s = BigInt(`0x${signature.subarray(32).toString('hex')}`);
  if (s > order / 2n) signature.write((order - s).toString(16).padStart(64, '0'), 32, 'hex');
  return `${input}.${base64url(signature)}`;
}

const now = () => Math.floor(Date.now() / 1000);

/** A statement: canonical payload, five minutes to live. */
export function statement(network: string, key: Key, iss: string, payload: Json): string {
  const header = { alg: 'ES256', kid: key.id, typ: 'chartkey-statement+jwt' };
  return jws(header, { iss, aud: network, iat: now(), exp: now() + 300, ...payload }, key);
}

export const statementId = (compact: string) => base64url(sha256(compact.slice(0, compact.lastIndexOf('.'))));

export interface Acting {
  organisation: string;
  role: string;
  purposes: string[];
}

/** A token for a device (with what it acts as) or a patient. */
export async function token(tokenUrl: string, key: Key, acting?: Acting): Promise<string> {
  const claims = { iss: key.id, sub: key.id, aud: tokenUrl, jti: randomId(), iat: now(), exp: now() + 300 };
  const b2b = acting && {
    version: '1',
    organization_id: acting.organisation,
    subject_id: randomId(),
    subject_role: acting.role,
    purpose_of_use: acting.purposes,
  };
  const payload = b2b ? { ...claims, extensions: { 'hl7-b2b': b2b } } : claims;
  const answer = await fetch(tokenUrl, {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'client_credentials',
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_assertion: jws({ alg: 'ES256', kid: key.id, typ: 'JWT' }, payload, key),
    }),
  });
  const body = (await answer.json()) as { access_token: string; token_type: string };
  if (answer.status !== 200 || body.token_type !== 'Bearer')
    throw new Error(`no token: ${JSON.stringify(body)}`);
  return body.access_token;
}

export async function sendStatement(url: string, compact: string, bearer?: string): Promise<Response> {
  return fetch(`${url}/v1/statements`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/jose', ...(bearer && { Authorization: `Bearer ${bearer}` }) },
    body: compact,
  });
}

export async function upload(
  url: string,
  bearer: string,
  patient: string,
  content: Buffer<ArrayBuffer>,
  mediaType: string,
  idempotencyKey = randomId(),
): Promise<Response> {
  return fetch(`${url}/v1/records?patient=${patient}`, {
    method: 'POST',
    headers: {
      Authorization: `Bearer ${bearer}`,
      'Content-Type': mediaType,
      'Idempotency-Key': idempotencyKey,
    },
    body: content,
  });
}

export function get(url: string, bearer: string, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(url, { headers: { Authorization: `Bearer ${bearer}`, ...headers } });
}

export const digestHeader = (content: Buffer) => `sha-256=:${sha256(content).toString('base64')}:`;
