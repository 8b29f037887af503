import { readFileSync } from 'node:fs';
import { foundingFiles } from '../../network/demo/founding.ts';
import type { DeviceKeys } from '../../network/member/keys.ts';
import * as wire from '../journeys/independent-client.ts';
import { type Answer, ask } from './rest-answers.ts';

/** The key of an organisation's own gateway device, from its file. */
export function gatewayKey(dataDir: string, organisation: string): wire.Key {
  const file = foundingFiles(dataDir).gatewayDevice(organisation);
  const { sig } = JSON.parse(readFileSync(file, 'utf8')) as DeviceKeys;
  return wire.keyFrom(sig as unknown as Record<string, string>);
}

export const releasesAt = (url: string) => `${url}/v1/releases`;
export const sealedAt = (url: string, access: string) => `${url}/v1/releases/${access}/sealed`;

/** A proof by a key for a URL, as wire.md says; `change` and `header` replace members. */
export function proof(
  key: wire.Key,
  audience: string,
  change: Record<string, unknown> = {},
  header: Record<string, unknown> = {},
): string {
  const iat = Math.floor(Date.now() / 1000);
  const claims = { iss: key.id, sub: key.id, aud: audience, jti: wire.randomId(), iat, exp: iat + 60 };
  const head = { alg: 'ES256', kid: key.id, typ: 'chartkey-release+jwt', ...header };
  return wire.jws(head, { ...claims, ...change }, key);
}

/** Asks a custodian for the key of an access. */
export function askRelease(url: string, access: string, bearer: string): Promise<Answer> {
  const headers = { Authorization: `Bearer ${bearer}`, 'Content-Type': 'application/json' };
  return ask(releasesAt(url), { method: 'POST', headers, body: JSON.stringify({ access }) });
}

/** Asks a custodian for the sealed bytes of an access. */
export function askSealed(url: string, access: string, bearer: string): Promise<Answer> {
  return ask(sealedAt(url, access), { headers: { Authorization: `Bearer ${bearer}` } });
}
