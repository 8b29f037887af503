import { Base32Id } from '@chartkey/vocabulary';
import * as z from 'zod';
import { pour } from '../answer.ts';
import { neverForPatients } from '../authenticate.ts';
import { BreakGlass, IdempotencyKey, PurposeOfUse, Range } from '../headers.ts';
import { contentRange, parseRange } from '../range.ts';
import { route } from '../route.ts';
import { glassFailures, withGlass } from './glass.ts';
import { accessFailures } from './ledger-failures.ts';

const served = [
  'Access-Id',
  'ETag',
  'Repr-Digest',
  'Accept-Ranges',
  'Content-Disposition',
  'Content-Security-Policy',
];

export const content = route({
  method: 'get',
  path: '/v1/records/{record}/content',
  word: 'records',
  summary: 'The bytes of a version exactly as stored; each request is an access on the ledger',
  needs: 'token',
  params: z.object({ record: Base32Id }),
  query: z.object({
    version: z
      .string()
      .regex(/^(?:[1-9][0-9]{0,5}|1000000)$/)
      .optional()
      .describe('The newest without it'),
  }),
  headers: z.object({
    'Purpose-Of-Use': PurposeOfUse.optional(),
    'Idempotency-Key': IdempotencyKey.optional(),
    Range: Range.optional(),
    'Break-Glass': BreakGlass.optional(),
  }),
  answers: {
    200: { says: 'The whole content, in its own media type', mediaType: '*/*', headers: served },
    206: { says: 'The range asked for', mediaType: '*/*', headers: [...served, 'Content-Range'] },
  },
  failures: [
    ...accessFailures,
    ...glassFailures,
    'END_TO_END_ONLY',
    'RECORD_UNKNOWN',
    'IDEMPOTENCY_MISMATCH',
    'ACCESS_TOO_OLD',
    'ALREADY_RELEASED',
    'RELEASE_REFUSED',
    'RANGE_NOT_SATISFIABLE',
    'CUSTODIAN_UNAVAILABLE',
    'INTEGRITY_BROKEN',
    'LEDGER_DISAGREES',
    'VAULT_FULL',
    'VAULT_UNAVAILABLE',
  ],
  mayAsk: neverForPatients,
  serve: async (asked) => {
    const { gateway, response, caller, params, query, headers } = asked;
    const purpose = await withGlass(asked, headers['Break-Glass'], headers['Purpose-Of-Use']);
    const found = await gateway.readContent({
      caller,
      record: params.record,
      version: query.version === undefined ? undefined : Number(query.version),
      purpose,
      idempotencyKey: headers['Idempotency-Key'],
      range: parseRange(headers.Range),
    });
    const { part, length } = found;
    await pour(
      response,
      part ? 206 : 200,
      {
        'Content-Type': found.mediaType,
        'Content-Length': part ? part.last - part.first + 1 : length,
        ...(part ? { 'Content-Range': contentRange(part, length) } : {}),
        ETag: `"${found.version}"`,
        'Repr-Digest': `sha-256=:${found.digest}:`,
        'Access-Id': found.access,
        'Accept-Ranges': 'bytes',
        'Content-Disposition': 'attachment',
        'Content-Security-Policy': 'sandbox',
        'Cache-Control': 'no-store',
      },
      found.body,
    );
  },
});
