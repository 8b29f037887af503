import { randomBytes, sign, X509Certificate } from 'node:crypto';
import { notSignedBy } from '@chartkey/rules';
import { nodeSignatureChecks } from '@chartkey/rules/node';
import {
  canonicalJson,
  Genesis,
  OrganisationId,
  SignedGenesis,
  signingInput,
  thumbprint,
} from '@chartkey/vocabulary';
import * as z from 'zod';
import { keyObject, type PrivateJwk } from './keys.ts';

/** What the founding members agree on beforehand; the salt makes it one network's. */
export const Draft = Genesis.omit({ format: true, salt: true });
export type Draft = z.infer<typeof Draft>;

/** One member's signature over the genesis document. */
export const MemberSignature = z.strictObject({ organisation: OrganisationId, signature: z.string() });
export type MemberSignature = z.infer<typeof MemberSignature>;

export function draftGenesis(draft: Draft): Genesis {
  return Genesis.parse({
    format: 'chartkey-genesis/1',
    salt: randomBytes(32).toString('base64url'),
    ...draft,
  });
}

/** @throws Error with one line when gateways could not call each other: what is signed cannot be corrected */
export function refuseUnreachables({ demo, organisations }: Draft): void {
  if (!demo) organisations.forEach(refuseUnreachable);
}

/** Outside a demo network gateways call each other over TLS under registered roots only. */
function refuseUnreachable({ id, url, tokenUrl, tlsRoots = [] }: Draft['organisations'][number]): void {
  if (!url.startsWith('https://')) throw new Error(`${id}: url has to begin with https://.`);
  if (!tokenUrl.startsWith(`${url}/`)) throw new Error(`${id}: tokenUrl has to lie below ${url}/.`);
  if (tlsRoots.length === 0) throw new Error(`${id}: tlsRoots are missing: base64 of each root’s DER.`);
  for (const root of tlsRoots) {
    try {
      new X509Certificate(Buffer.from(root, 'base64'));
    } catch {
      throw new Error(`${id}: one of tlsRoots is no certificate: give base64 of its DER.`);
    }
  }
}

/**
 * A member's detached signature (RFC 7515 appendix F) over the canonical document.
 * @throws Error with one line when the key is no member's master key
 */
export function signGenesis(genesis: Genesis, key: PrivateJwk): MemberSignature {
  const kid = thumbprint(key);
  const member = genesis.organisations.find(({ masterKey }) => thumbprint(masterKey) === kid);
  if (!member) throw new Error('This key is no member’s master key in the genesis document.');
  const header = canonicalJson({ alg: 'ES256', kid, typ: 'chartkey-genesis+jwt' });
  const input = signingInput(header, canonicalJson(genesis));
  const signature = sign('sha256', Buffer.from(input), { key: keyObject(key), dsaEncoding: 'ieee-p1363' });
  const detached = `${input.slice(0, input.indexOf('.'))}..${signature.toString('base64url')}`;
  return { organisation: member.id, signature: detached };
}

/**
 * Puts every member's signature under the document.
 * @throws Error with one line that names who has not signed this document
 */
export function combineGenesis(genesis: Genesis, signed: readonly MemberSignature[]): SignedGenesis {
  const signatures = signed.map(({ organisation, signature }) => [organisation, signature] as const);
  const combined = SignedGenesis.parse({ genesis, signatures: Object.fromEntries(signatures) });
  const missing = notSignedBy(combined, nodeSignatureChecks);
  if (missing.length > 0) throw new Error(`Not signed, or not this document, by ${missing.join(', ')}.`);
  const ids = genesis.organisations.map(({ id }) => id);
  const strangers = signed.filter(({ organisation }) => !ids.includes(organisation));
  if (strangers.length > 0) throw new Error(`Signed by who is no member: ${strangers[0]!.organisation}.`);
  return combined;
}
