import * as z from 'zod';
import { Base32Id, NetworkId, OrganisationId, Seconds, Thumbprint } from './ids.ts';
import { P256Key } from './keys.ts';

/** Seconds that an offer lives at most. */
export const OFFER_SECONDS = 600;
/** Bytes of one, compact. */
export const OFFER_BYTES = 2048;

export const OfferHeader = z.strictObject({
  alg: z.literal('ES256'),
  kid: Thumbprint,
  typ: z.literal('chartkey-offer+jwt'),
});

/** A patient's address for one custodian, as its own key signs it: good once, for ten minutes. */
export const Offer = z.strictObject({
  aud: NetworkId,
  custodian: OrganisationId,
  enc: P256Key,
  exp: Seconds,
  iat: Seconds,
  /** the patient */
  iss: Thumbprint,
  jti: Base32Id,
  sig: P256Key,
});
export type Offer = z.infer<typeof Offer>;
