import * as z from 'zod';
import { AccessId, Base32Id, Thumbprint, VersionNumber } from './ids.ts';
import { P256Key } from './keys.ts';

/** The protected header of a released data key: a compact JWE (RFC 7516) for one key and one use. */
export const WrappedKeyHeader = z.strictObject({
  access: AccessId,
  alg: z.literal('ECDH-ES+A256KW'),
  enc: z.literal('A256GCM'),
  epk: P256Key,
  /** thumbprint of the recipient's `enc` key */
  kid: Thumbprint,
  record: Base32Id,
  version: VersionNumber,
});
export type WrappedKeyHeader = z.infer<typeof WrappedKeyHeader>;

/** What a wrapped key is for; stands in the protected header, so that it fits nowhere else. */
export type WrappedFor = Pick<WrappedKeyHeader, 'access' | 'record' | 'version'>;
