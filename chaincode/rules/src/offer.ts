import {
  CLOCK_SKEW_SECONDS,
  Failure,
  OFFER_BYTES,
  OFFER_SECONDS,
  Offer,
  OfferHeader,
  parseCanonical,
  parseCompactJws,
  thumbprint,
} from '@chartkey/vocabulary';
import { checkKeyPair } from './enrolment.ts';
import { isLowS, type SignatureChecks } from './signature.ts';

/** For whom an offer must be. */
export interface ExpectedOffer {
  network: string;
  custodian: string;
  /** milliseconds */
  time: number;
  checks: SignatureChecks;
}

/**
 * Checks that a key made an offer for this custodian, just now. Whether that key is the patient's, and whether
 * the offer was used before, are other questions.
 * @throws Failure OFFER_INVALID, OFFER_EXPIRED
 */
export function checkOffer(compact: string, { network, custodian, time, checks }: ExpectedOffer): Offer {
  const offer = readOffer(compact, checks);
  const isMeant = offer.aud === network && offer.custodian === custodian;
  const { iat, exp } = offer;
  const isSpan = exp > iat && exp - iat <= OFFER_SECONDS && time >= (iat - CLOCK_SKEW_SECONDS) * 1000;
  if (!isMeant || !isSpan) throw new Failure('OFFER_INVALID');
  if (time > exp * 1000) throw new Failure('OFFER_EXPIRED');
  return offer;
}

function readOffer(compact: string, checks: SignatureChecks): Offer {
  try {
    if (compact.length > OFFER_BYTES) throw new SyntaxError('too long');
    const { header, payload, signingInput, signature } = parseCompactJws(compact);
    const { kid } = OfferHeader.parse(parseCanonical(header));
    const offer = Offer.parse(parseCanonical(payload));
    checkKeyPair(offer.sig, offer.enc, checks);
    const isSigned = isLowS(signature) && checks.verifies('ES256', offer.sig, signingInput, signature);
    if (!isSigned || kid !== thumbprint(offer.sig)) throw new SyntaxError('not signed by its key');
    return offer;
  } catch {
    throw new Failure('OFFER_INVALID');
  }
}
