import { type ConnectOptions, connect, importKeys, type Patient, type RecordContent } from '@chartkey/client';
import { algorithmOf, sessionId } from '@chartkey/vocabulary';
import type { DemoOrganisation } from '../../network/demo/founding.ts';
import { sharedConsortium } from '../support/consortium.ts';
import { freshId, keyOf, type LedgerPatient } from '../support/ledger-actor.ts';
import { type Asked, signedRequest } from '../support/signed-request.ts';
import { signJson, statement, type TestKey, testKey } from '../support/signing.ts';
import { Cast, deviceFacts } from './cast.ts';

export const cast = new Cast(sharedConsortium().credentials);
const { network, river } = cast;
export const randomBytesOf = (length: number) => {
  const bytes = Buffer.alloc(length);
  for (let at = 0; at < length; at += 1) bytes[at] = (at * 7919 + (at >> 8)) & 255;
  return bytes;
};

/** The SDK as a person at an organisation's gateway. */
export async function personAt(
  at: DemoOrganisation,
  person: LedgerPatient,
  options: ConnectOptions = {},
): Promise<Patient> {
  const gateway = await connect(at.url, { network, ...options });
  return gateway.patient(await importKeys({ sig: person.sig.jwk, enc: person.enc.jwk }));
}

export const bytesIn = async ({ body }: RecordContent) => Buffer.from(await new Response(body).arrayBuffer());

/** A client assertion, and the id of the session that it starts. */
function assertionOf(key: TestKey, tokenUrl: string, practice?: object) {
  const iat = Math.floor(Date.now() / 1000);
  const claims = { iss: key.id, sub: key.id, aud: tokenUrl, jti: freshId(), iat, exp: iat + 300 };
  const extensions = practice && { extensions: { 'hl7-b2b': { version: '1', ...practice } } };
  const header = { alg: algorithmOf(key.publicJwk), kid: key.id, typ: 'JWT' };
  return {
    compact: signJson(header, { ...claims, ...extensions }, key),
    session: sessionId(key.id, claims.jti),
  };
}

/** A token whose session is known, so that a request can be signed by hand. */
export async function sessionAt(
  at: DemoOrganisation,
  key: TestKey,
  practice?: object,
): Promise<{ token: string; session: string }> {
  const { compact, session } = assertionOf(key, at.tokenUrl, practice);
  const form = new URLSearchParams({
    grant_type: 'client_credentials',
    client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
    client_assertion: compact,
  });
  const answer = await fetch(at.tokenUrl, { method: 'POST', body: form });
  if (answer.status !== 200) throw new Error(await answer.text());
  const { access_token: token } = (await answer.json()) as { access_token: string };
  return { token, session };
}

export function postRead(url: string, token: string, request: string): Promise<Response> {
  const headers = { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' };
  return fetch(`${url}/v1/reads`, { method: 'POST', headers, body: JSON.stringify({ request }) });
}

export function getSealed(url: string, token: string, access: string, range?: string): Promise<Response> {
  const headers = { Authorization: `Bearer ${token}`, ...(range !== undefined && { Range: range }) };
  return fetch(`${url}/v1/reads/${access}/sealed`, { headers });
}

export const requestBy = (key: TestKey, asked: Asked, change?: object) =>
  signedRequest(network, asked, key, change);

/** A statement of a patient that must be accepted; answers its id. */
export async function said(patient: LedgerPatient, payload: object, at = river): Promise<string> {
  const answer = await cast.say(patient.says(payload), { at });
  if (answer.status !== 201) throw new Error(`not accepted: ${await answer.text()}`);
  return String(((await answer.json()) as { id: string }).id);
}

/** A workstation that proves each of its reads. */
export async function boundDevice(
  of: DemoOrganisation,
  kind: 'P-256' | 'P-384' | 'RSA' = 'P-256',
): Promise<{ sig: TestKey; enc: TestKey }> {
  const [sig, enc] = [testKey(kind), testKey()];
  const alg = { 'P-256': 'ES256', 'P-384': 'ES384', RSA: 'RS384' }[kind];
  const device = signJson({ alg, typ: 'chartkey-device+jwt' }, deviceFacts(network, of.id, sig, enc), sig);
  const master = keyOf(of.masterKey);
  const answer = await cast.sayAs(of, (seq) => {
    const words = { act: 'approveDevice', seq, device, perRequestProof: true };
    return statement({ iss: of.id, aud: network, ...words }, master);
  });
  if (answer.status !== 201) throw new Error(`not approved: ${await answer.text()}`);
  return { sig, enc };
}
