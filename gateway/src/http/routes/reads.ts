import { AccessId, EndToEndRead, Failure, parseUnambiguous, ReadRequest } from '@chartkey/vocabulary';
import * as z from 'zod';
import { answer } from '../answer.ts';
import { textOf } from '../body.ts';
import { BreakGlass, Range } from '../headers.ts';
import { parseRange } from '../range.ts';
import { type Asked, route } from '../route.ts';
import { glassFailures, withGlass } from './glass.ts';
import { accessFailures } from './ledger-failures.ts';
import { pourSealed, sealedAnswers } from './releases.ts';

/** Bytes that `{request}` may take, white space included. */
const BODY_BYTES = 8192;

const readFailures = [
  ...accessFailures,
  'ACCESS_TOO_OLD',
  'ACCESS_UNKNOWN',
  'RELEASE_REFUSED',
  'CUSTODIAN_UNAVAILABLE',
  'INTEGRITY_BROKEN',
  'LEDGER_DISAGREES',
  'VAULT_FULL',
  'VAULT_UNAVAILABLE',
] as const;

export const read = route({
  method: 'post',
  path: '/v1/reads',
  word: 'reads',
  summary: 'A read that the reader signed, released for the reader alone; each signed request is one access',
  needs: 'token',
  headers: z.object({ 'Break-Glass': BreakGlass.optional() }),
  body: { mediaType: 'application/json', schema: ReadRequest, limit: BODY_BYTES },
  answers: {
    200: {
      says: 'Sealed header, leaves, and the key wrapped for the reader, with what the ledger says of the version',
      schema: EndToEndRead,
      headers: ['Access-Id'],
    },
  },
  failures: [
    ...readFailures,
    ...glassFailures,
    'REQUEST_PROOF_INVALID',
    'RECORD_UNKNOWN',
    'IDEMPOTENCY_MISMATCH',
    'NOT_SERVED_HERE',
  ],
  serve: async (asked) => {
    const { gateway, caller, headers } = asked;
    const request = await requestIn(asked);
    await withGlass(asked, headers['Break-Glass'], undefined);
    const found = await gateway.readEndToEnd(caller, request);
    answer(asked, EndToEndRead, found, { headers: { 'Access-Id': found.access } });
  },
});

export const readSealed = route({
  method: 'get',
  path: '/v1/reads/{access}/sealed',
  word: 'reads',
  summary: 'Sealed bytes of such a read, for the session that made it, until that ends',
  needs: 'token',
  params: z.object({ access: AccessId }),
  headers: z.object({ Range: Range.optional() }),
  answers: sealedAnswers,
  failures: [...readFailures, 'RANGE_NOT_SATISFIABLE'],
  serve: async ({ gateway, caller, response, params, headers }) => {
    const range = parseRange(headers.Range);
    await pourSealed(response, range, await gateway.sealedRead(caller, params.access, range));
  },
});

async function requestIn({ request, response, settings }: Asked): Promise<string> {
  const { idleMilliseconds } = settings;
  const text = await textOf(request, response, { bytes: BODY_BYTES, idleMilliseconds });
  try {
    return ReadRequest.parse(parseUnambiguous(text)).request;
  } catch {
    throw new Failure('INVALID_REQUEST', { at: 'body' });
  }
}
