import { denials } from '@chartkey/rules';
import { AccessId, Failure, parseUnambiguous, ReleaseAnswer, ReleaseRequest } from '@chartkey/vocabulary';
import type { Response } from 'express';
import * as z from 'zod';
import type { ByteRange, SealedBytes } from '../../gateway.ts';
import { answer, pour } from '../answer.ts';
import { textOf } from '../body.ts';
import { Range } from '../headers.ts';
import { contentRange, parseRange } from '../range.ts';
import { type Asked, route } from '../route.ts';
import { ledgerFailures } from './ledger-failures.ts';

/** Bytes that `{access}` may take, white space included. */
const RELEASE_BYTES = 1024;

const releaseFailures = [
  ...ledgerFailures,
  'RELEASE_PROOF_INVALID',
  'RELEASE_REFUSED',
  'ACCESS_UNKNOWN',
  'ACCESS_TOO_OLD',
  ...denials,
  'NOT_CUSTODIAN',
  'VAULT_FULL',
  'VAULT_UNAVAILABLE',
  'LEDGER_DISAGREES',
  'INTEGRITY_BROKEN',
] as const;

const mediaType = 'application/octet-stream';
export const sealedAnswers = {
  200: { says: 'All sealed bytes', mediaType, headers: ['Accept-Ranges'] },
  206: { says: 'The range asked for', mediaType, headers: ['Accept-Ranges', 'Content-Range'] },
};

export const release = route({
  method: 'post',
  path: '/v1/releases',
  word: 'releases',
  summary: 'Another gateway asks for the key of a granted access',
  needs: 'proof',
  body: { mediaType: 'application/json', schema: ReleaseRequest, limit: RELEASE_BYTES },
  answers: {
    200: {
      says: 'Header (sealed, where it is for a reader alone) and leaves of the version, and its wrapped key',
      schema: ReleaseAnswer,
    },
  },
  failures: [...releaseFailures, 'ALREADY_RELEASED'],
  serve: async (asked) =>
    answer(asked, ReleaseAnswer, await asked.gateway.release(await accessIn(asked), asked.proof)),
});

export const sealed = route({
  method: 'get',
  path: '/v1/releases/{access}/sealed',
  word: 'releases',
  summary: 'Sealed bytes of a released access, until its session ends',
  needs: 'proof',
  params: z.object({ access: AccessId }),
  headers: z.object({ Range: Range.optional() }),
  answers: sealedAnswers,
  failures: [...releaseFailures, 'RANGE_NOT_SATISFIABLE'],
  serve: async ({ gateway, proof, response, params, headers }) => {
    const range = parseRange(headers.Range);
    await pourSealed(response, range, await gateway.sealedOf(params.access, proof, range));
  },
});

/** Answers sealed bytes: all of them, or the part that was asked for. */
export async function pourSealed(
  response: Response,
  range: ByteRange | undefined,
  { first, last, length, body }: SealedBytes,
): Promise<void> {
  await pour(
    response,
    range ? 206 : 200,
    {
      'Content-Type': 'application/octet-stream',
      'Content-Length': last - first + 1,
      ...(range ? { 'Content-Range': contentRange({ first, last }, length) } : {}),
      'Accept-Ranges': 'bytes',
      'Cache-Control': 'no-store',
    },
    body,
  );
}

async function accessIn({ request, response, settings }: Asked): Promise<string> {
  const { idleMilliseconds } = settings;
  const text = await textOf(request, response, { bytes: RELEASE_BYTES, idleMilliseconds });
  try {
    return ReleaseRequest.parse(parseUnambiguous(text)).access;
  } catch {
    throw new Failure('INVALID_REQUEST', { at: 'body' });
  }
}
