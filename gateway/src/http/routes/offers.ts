import {
  Failure,
  OFFER_BYTES,
  OfferAnswer,
  OfferRequest,
  parseUnambiguous,
  STATEMENT_BYTES,
} from '@chartkey/vocabulary';
import { answer } from '../answer.ts';
import { devicesOnly } from '../authenticate.ts';
import { textOf } from '../body.ts';
import { type Asked, route } from '../route.ts';
import { sessionFailures } from './ledger-failures.ts';
import { statements } from './statements.ts';

/** Bytes of an offer and an enrolment, with what JSON puts around them. */
const REQUEST_BYTES = OFFER_BYTES + STATEMENT_BYTES + 256;

export const offers = route({
  method: 'post',
  path: '/v1/offers',
  word: 'offers',
  summary:
    'What a reception desk scans: a patient’s address, good once, and the enrolment that may come with it',
  needs: 'token',
  body: { mediaType: 'application/json', schema: OfferRequest, limit: REQUEST_BYTES },
  answers: { 200: { says: 'Whose offer it is; it is used up now', schema: OfferAnswer } },
  failures: [
    ...new Set([
      ...sessionFailures,
      ...statements.failures,
      ...(['OFFER_INVALID', 'OFFER_EXPIRED', 'OFFER_USED', 'KEY_REVOKED'] as const),
      ...(['VAULT_FULL', 'VAULT_UNAVAILABLE'] as const),
    ]),
  ],
  mayAsk: devicesOnly,
  serve: async (asked) =>
    answer(asked, OfferAnswer, await asked.gateway.takeOffer(asked.caller, await requestIn(asked))),
});

async function requestIn({ request, response, settings }: Asked): Promise<OfferRequest> {
  const { idleMilliseconds } = settings;
  const text = await textOf(request, response, { bytes: REQUEST_BYTES, idleMilliseconds });
  try {
    return OfferRequest.parse(parseUnambiguous(text));
  } catch {
    throw new Failure('INVALID_REQUEST', { at: 'body' });
  }
}
