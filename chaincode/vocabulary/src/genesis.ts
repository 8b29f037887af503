import * as z from 'zod';
import { canonicalJson } from './canonical.ts';
import { digest } from './digest.ts';
import { OrganisationId } from './ids.ts';
import { P256Key } from './keys.ts';
import { Kind, LedgerKind } from './words.ts';

const Url = z.string().regex(/^https?:\/\/[a-z0-9.-]{1,253}(?::[0-9]{1,5})?(?:\/[A-Za-z0-9._~/-]{0,200})?$/);

/** One founding member: kind, master key and the addresses that others may call. */
export const Member = z.strictObject({
  id: OrganisationId,
  name: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9 .,'&()-]{0,99}$/),
  kind: Kind,
  /** where its gateway answers; the only place others connect to */
  url: Url,
  tokenUrl: Url,
  masterKey: P256Key,
  /** the roots its TLS certificate must chain to, base64 DER; absent on a demo network */
  tlsRoots: z
    .array(
      z
        .string()
        .regex(/^[A-Za-z0-9+/]+={0,2}$/)
        .max(8192),
    )
    .max(4)
    .optional(),
});
export type Member = z.infer<typeof Member>;

const areUnique = (members: Member[], of: (member: Member) => string) =>
  new Set(members.map(of)).size === members.length;

/** Who founded a network. Its hash is the network id, the audience of every statement. */
export const Genesis = z.strictObject({
  format: z.literal('chartkey-genesis/1'),
  demo: z.boolean(),
  ledger: LedgerKind,
  channel: z.string().regex(/^[a-z][a-z0-9.-]{0,99}$/),
  /** random, so that two networks of the same members have two ids */
  salt: z.string().regex(/^[A-Za-z0-9_-]{43}$/),
  organisations: z
    .array(Member)
    .min(1)
    .max(64)
    .refine((all) => areUnique(all, (one) => one.id), 'two organisations with one id')
    .refine((all) => areUnique(all, (one) => one.url), 'two organisations with one url')
    .refine((all) => areUnique(all, (one) => one.tokenUrl), 'two organisations with one token url')
    .refine((all) => areUnique(all, (one) => one.masterKey.x), 'two organisations with one master key'),
});
export type Genesis = z.infer<typeof Genesis>;

/** The protected header of a member's signature over the genesis document. */
export const GenesisHeader = z.strictObject({
  alg: z.literal('ES256'),
  kid: z.string(),
  typ: z.literal('chartkey-genesis+jwt'),
});

/**
 * A genesis document with one signature per member by its master key: compact JWS with detached
 * content (RFC 7515 appendix F), the content being the document's canonical JSON.
 */
export const SignedGenesis = z.strictObject({
  genesis: Genesis,
  signatures: z.record(
    OrganisationId,
    z
      .string()
      .regex(/^[A-Za-z0-9_-]+\.\.[A-Za-z0-9_-]+$/)
      .max(1024),
  ),
});
export type SignedGenesis = z.infer<typeof SignedGenesis>;

/** base64url SHA-256 of the document's canonical JSON, `demo-` in front of a demo network's. */
export function networkId(genesis: Genesis): string {
  return `${genesis.demo ? 'demo-' : ''}${digest(canonicalJson(genesis))}`;
}
