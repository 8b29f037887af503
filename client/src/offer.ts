import { OFFER_SECONDS, Offer } from '@chartkey/vocabulary';
import { randomId } from './assertion.ts';
import type { Gateway } from './gateway.ts';
import { signJws } from './jws.ts';
import type { Keys } from './keys.ts';

const SCHEME = 'chartkey:';

/** A patient's address for one reception desk: used once, within ten minutes. */
export interface MadeOffer {
  /** what the QR code holds */
  readonly text: string;
  /** when it is worth nothing any more */
  readonly expires: Date;
}

/**
 * Signs an offer for a gateway's organisation.
 * @param id the patient's, where it is no longer the thumbprint of the present key
 * @param enrolment of a patient who is new there: the desk hands it in with the offer
 */
export async function makeOffer(
  { network, organisation, calls }: Gateway,
  keys: Keys,
  { id = keys.sig.id, enrolment }: { id?: string; enrolment?: string | undefined } = {},
): Promise<MadeOffer> {
  const iat = Math.floor(calls.now() / 1000);
  const exp = iat + OFFER_SECONDS;
  const { sig, enc } = keys;
  const claims = { iss: id, aud: network, custodian: organisation, jti: randomId(), iat, exp };
  const payload = Offer.parse({ ...claims, sig: sig.publicKey, enc });
  const offer = await signJws({ alg: 'ES256', kid: sig.id, typ: 'chartkey-offer+jwt' }, payload, sig);
  const text = `${SCHEME}${enrolment === undefined ? offer : `${offer}~${enrolment}`}`;
  return { text, expires: new Date(exp * 1000) };
}

/** The parts of what was scanned. @throws TypeError when it is no offer */
export function scannedOffer(text: string): { offer: string; enrolment?: string } {
  if (!text.startsWith(SCHEME)) throw new TypeError('this is not a patient’s offer');
  const [offer = '', enrolment] = text.slice(SCHEME.length).split('~');
  return { offer, ...(enrolment !== undefined && { enrolment }) };
}
