import { freshId, keyOf } from '../support/ledger-actor.ts';
import { signJson, statement, type TestKey } from '../support/signing.ts';
import { type Cast, deviceFacts } from './cast.ts';

const now = () => Math.floor(Date.now() / 1000);

/** The header of a client assertion by a key. */
export const headerOf = ({ id }: TestKey) => ({ alg: 'ES256', kid: id, typ: 'JWT' });

/** What every client assertion claims; a patient's claims no more. */
export const claimsOf = ({ id }: TestKey, tokenUrl: string) => ({
  iss: id,
  sub: id,
  aud: tokenUrl,
  jti: freshId(),
  iat: now(),
  exp: now() + 300,
});

/** The extension of a device's assertion. */
export const practiceAt = (organisation: string) => ({
  version: '1',
  organization_id: organisation,
  subject_id: freshId(),
  subject_role: 'physician',
  purpose_of_use: ['TREAT'],
});

/** A device's assertion to Riverside that brings a token, unless what is changed spoils it. */
export function riverAssertion({ river }: Cast, key: TestKey, change: object = {}): string {
  const extensions = { 'hl7-b2b': practiceAt(river.id) };
  return signJson(headerOf(key), { ...claimsOf(key, river.tokenUrl), extensions, ...change }, key);
}

/** Asks a token endpoint, with other words in the form than an assertion needs where they are given. */
export function askToken(tokenUrl: string, assertion: string, form: object = {}): Promise<Response> {
  return fetch(tokenUrl, {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'client_credentials',
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_assertion: assertion,
      ...form,
    }),
  });
}

/** Has a device approved by Riverside. */
export async function approve(cast: Cast, key: TestKey, validUntil?: string): Promise<void> {
  const { network, river } = cast;
  const header = { alg: 'ES256', typ: 'chartkey-device+jwt' };
  const device = signJson(header, deviceFacts(network, river.id, key), key);
  const facts = { act: 'approveDevice', device, ...(validUntil !== undefined && { validUntil }) };
  const answer = await cast.sayAs(river, (seq) =>
    statement({ iss: river.id, aud: network, seq, ...facts }, keyOf(river.masterKey)),
  );
  if (answer.status !== 201) throw new Error(`not approved: ${await answer.text()}`);
}

/** Has a device revoked by Riverside. */
export async function revoke(cast: Cast, { id: device }: TestKey): Promise<void> {
  const { network, river } = cast;
  const facts = { iss: river.id, aud: network, act: 'revokeDevice', device };
  const answer = await cast.say(statement(facts, keyOf(river.masterKey)));
  if (answer.status !== 201) throw new Error(`not revoked: ${await answer.text()}`);
}
