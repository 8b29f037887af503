import { createHmac, createPrivateKey, sign } from 'node:crypto';
import { canonicalJson } from '@chartkey/vocabulary';
import { type TestKey, withS } from '../support/signing.ts';

const base64url = (part: string | Buffer) => Buffer.from(part as string).toString('base64url');

/** A JWS without a signature, or with one that nobody made. */
export function unsigned(header: object, payload: string, signature = ''): string {
  return `${base64url(canonicalJson(header))}.${base64url(payload)}.${signature}`;
}

/** A JWS whose secret is the public key, which everybody knows. */
export function withPublicKeyAsSecret(header: object, payload: string, { publicJwk }: TestKey): string {
  const input = unsigned(header, payload).slice(0, -1);
  const mac = createHmac('sha256', canonicalJson(publicJwk)).update(input).digest('base64url');
  return `${input}.${mac}`;
}

/** Signs bytes that need not be UTF-8, with ES256. */
export function signBytes(header: string, payload: Buffer, { jwk }: TestKey): string {
  const input = `${base64url(header)}.${base64url(payload)}`;
  const key = createPrivateKey({ format: 'jwk', key: { ...jwk } });
  const signature = sign('sha256', Buffer.from(input), { key, dsaEncoding: 'ieee-p1363' });
  return `${input}.${base64url(withS(signature, 'low'))}`;
}

/** Another spelling of the same bytes: the last letter's unused bits are set. */
export function misspelt(part: string): string {
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  const last = letters.indexOf(part.slice(-1));
  return `${part.slice(0, -1)}${letters[last + 1]}`;
}

/** The same JWS with one of its three parts changed. */
export function withPart(compact: string, at: 0 | 1 | 2, change: (part: string) => string): string {
  return compact
    .split('.')
    .map((part, place) => (place === at ? change(part) : part))
    .join('.');
}
