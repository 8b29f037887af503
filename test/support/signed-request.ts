import { type AccessItem, algorithmOf } from '@chartkey/vocabulary';
import { sharedConsortium } from './consortium.ts';
import { freshId, type LedgerActor, type LedgerPatient } from './ledger-actor.ts';
import { signJson, type TestKey } from './signing.ts';

type ReadItem = Extract<AccessItem, { kind: 'read' }>;
export type Asked = Omit<ReadItem, 'kind' | 'request' | 'retryKey'>;
export type SignedItem = ReadItem & { request: string };

/** A reader's own word for one read (docs/wire.md, "Reading end to end"); `change` replaces claims. */
export function signedRequest(network: string, asked: Asked, key: TestKey, change: object = {}): string {
  const iat = Math.floor(Date.now() / 1000);
  const header = { alg: algorithmOf(key.publicJwk), kid: key.id, typ: 'chartkey-request+jwt' };
  const claims = { ...asked, aud: network, jti: freshId(), iat, exp: iat + 60 };
  return signJson(header, { ...claims, ...change }, key);
}

/** A person's session at an organisation's gateway, by one of its keys. */
export async function personSession(
  person: LedgerPatient,
  at: LedgerActor,
  key: TestKey = person.sig,
): Promise<string> {
  const { organisations } = sharedConsortium().credentials;
  const aud = organisations.find(({ id }) => id === at.organisation)!.tokenUrl;
  const iat = Math.floor(Date.now() / 1000);
  const claims = { iss: person.id, sub: person.id, aud, jti: freshId(), iat, exp: iat + 300 };
  const header = { alg: 'ES256', kid: key.id, typ: 'JWT' };
  const [outcome] = await at.startSessions(signJson(header, claims, key));
  if (!outcome || !('session' in outcome)) throw new Error(`no session: ${JSON.stringify(outcome)}`);
  return outcome.session;
}

/** A signed read as an item. */
export function signedItem(network: string, asked: Asked, key: TestKey, change: object = {}): SignedItem {
  return { kind: 'read', ...asked, request: signedRequest(network, asked, key, change) };
}
