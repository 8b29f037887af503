import { Failure, parseUnambiguous, STATEMENT_BYTES } from '@chartkey/vocabulary';
import * as z from 'zod';
import { answer, pour } from '../answer.ts';
import { textOf } from '../body.ts';
import { type Asked, route } from '../route.ts';
import { glassFailures } from './glass.ts';
import { ledgerFailures } from './ledger-failures.ts';

const compact = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/;
const Jws = z.string().max(STATEMENT_BYTES).regex(compact);
const LocalRelease = z.strictObject({ opening: Jws, second: Jws, request: Jws });
const Witnessed = z.object({ witnessed: z.string() });
const ENTRY_BYTES = 4 * STATEMENT_BYTES;

export const localRelease = route({
  method: 'post',
  path: '/v1/emergency-releases',
  word: 'emergencies',
  summary:
    'While the ledger cannot be reached, and where a witness is named: a record of this organisation’s own, for two practitioners’ keys and a device’s signature',
  needs: 'nothing',
  body: { mediaType: 'application/json', schema: LocalRelease, limit: ENTRY_BYTES },
  answers: {
    200: {
      says: 'The content; Late-Entry is the number under which the ledger will have it',
      mediaType: '*/*',
      headers: ['ETag', 'Repr-Digest', 'Late-Entry', 'Content-Disposition', 'Content-Security-Policy'],
    },
  },
  failures: [
    ...ledgerFailures,
    ...glassFailures,
    'LOCAL_RELEASE_OFF',
    'LEDGER_REACHABLE',
    'WITNESS_UNAVAILABLE',
    'REQUEST_PROOF_INVALID',
    'DEVICE_REVOKED',
    'DEVICE_EXPIRED',
    'BREAK_GLASS_REQUIRED',
    'RECORD_UNKNOWN',
    'NOT_CUSTODIAN',
    'INTEGRITY_BROKEN',
    'VAULT_FULL',
    'VAULT_UNAVAILABLE',
  ],
  serve: async (asked) => {
    await asked.limits.statementAddress(asked.request, asked.response);
    const found = await asked.gateway.releaseLocally(await jsonIn(asked));
    await pour(
      asked.response,
      200,
      {
        'Content-Type': found.mediaType,
        'Content-Length': found.length,
        ETag: `"${found.version}"`,
        'Repr-Digest': `sha-256=:${found.digest}:`,
        'Late-Entry': found.number,
        'Content-Disposition': 'attachment',
        'Content-Security-Policy': 'sandbox',
        'Cache-Control': 'no-store',
      },
      found.body,
    );
  },
});

export const lateEntries = route({
  method: 'post',
  path: '/v1/emergency-entries',
  word: 'emergencies',
  summary: 'Another hospital’s gateway hands over the entry of a release without the ledger, to be witnessed',
  needs: 'nothing',
  body: { mediaType: 'application/jose', schema: z.string().regex(compact), limit: ENTRY_BYTES },
  answers: { 201: { says: 'Kept; the witness’s word', schema: Witnessed } },
  failures: [
    ...ledgerFailures,
    'LATE_ENTRY_INVALID',
    'WRONG_NETWORK',
    'KIND_NOT_ALLOWED',
    'STALE_SEQUENCE',
    'BREAK_GLASS_LIMIT',
    'DEVICE_UNKNOWN',
    'DEVICE_REVOKED',
    'DEVICE_EXPIRED',
    'LEDGER_DISAGREES',
    'VAULT_FULL',
    'VAULT_UNAVAILABLE',
  ],
  serve: async (asked) => {
    await asked.limits.statementAddress(asked.request, asked.response);
    const entry = await textIn(asked);
    if (!compact.test(entry)) throw new Failure('LATE_ENTRY_INVALID');
    const witnessed = await asked.gateway.bearWitness(entry);
    answer(asked, Witnessed, { witnessed }, { status: 201 });
  },
});

function textIn({ request, response, settings }: Asked): Promise<string> {
  const { idleMilliseconds } = settings;
  return textOf(request, response, { bytes: ENTRY_BYTES, idleMilliseconds });
}

async function jsonIn(asked: Asked): Promise<z.infer<typeof LocalRelease>> {
  const text = await textIn(asked);
  try {
    return LocalRelease.parse(parseUnambiguous(text));
  } catch {
    throw new Failure('INVALID_REQUEST', { at: 'body' });
  }
}
