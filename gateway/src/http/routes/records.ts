import {
  Base32Id,
  Correction,
  distinct,
  Failure,
  MOST_LABELS,
  RecordAnchor,
  Sensitivity,
  StoredRecord,
  Thumbprint,
} from '@chartkey/vocabulary';
import * as z from 'zod';
import type { Correcting } from '../../gateway.ts';
import { answer } from '../answer.ts';
import { bodyOf } from '../body.ts';
import { IdempotencyKey, IfMatch, replacedBy } from '../headers.ts';
import { parseMediaType } from '../media-type.ts';
import { type Asked, route } from '../route.ts';
import { ledgerFailures, recordingFailures, sessionFailures } from './ledger-failures.ts';

const uploadFailures = [
  ...sessionFailures,
  'DEVICES_ONLY',
  'NOT_A_DELEGATE',
  'NOT_KEPT_HERE',
  'KEY_REVOKED',
  'RECOVERY_PROBATION',
  'KIND_NOT_ALLOWED',
  'PURPOSE_REQUIRED',
  'PURPOSE_NOT_ALLOWED',
  ...recordingFailures,
  'IDEMPOTENCY_KEY_REQUIRED',
  'IDEMPOTENCY_MISMATCH',
  'VAULT_FULL',
  'VAULT_UNAVAILABLE',
] as const;

export const storeRecord = route({
  method: 'post',
  path: '/v1/records',
  word: 'records',
  summary: 'Stores a record: sealed and on disk before its anchor is on the ledger',
  needs: 'token',
  query: z
    .object({
      patient: Thumbprint,
      label: distinct(Sensitivity, MOST_LABELS).optional(),
      corrects: Base32Id.optional(),
      'corrects-version': z
        .string()
        .regex(/^[1-9][0-9]{0,6}$/)
        .transform(Number)
        .optional(),
      correction: Correction.optional(),
    })
    .refine((query) => correctingIn(query) !== 'incomplete'),
  headers: z.object({ 'Idempotency-Key': IdempotencyKey }),
  body: { mediaType: '*/*', limit: 'upload' },
  answers: {
    201: { says: 'Stored', schema: StoredRecord, headers: ['Location'] },
    200: { says: 'It was stored before under this key', schema: StoredRecord, headers: ['Location'] },
  },
  failures: [
    ...uploadFailures,
    'PATIENT_UNKNOWN',
    'RECORD_EXISTS',
    'LABELS_NOT_READY',
    'RECORD_UNKNOWN',
    'PATIENTS_ONLY',
    'LEDGER_DISAGREES',
    'INTEGRITY_BROKEN',
  ],
  serve: async (asked) => {
    const { patient, label: sensitivities = [] } = asked.query;
    const correcting = correctingIn(asked.query);
    const corrects = correcting === 'incomplete' ? undefined : correcting;
    const upload = uploadIn(asked, asked.headers['Idempotency-Key']);
    const { stored, repeated } = await asked.gateway.storeRecord({
      ...{ ...upload, patient, sensitivities, corrects },
    });
    const headers = { Location: `/v1/records/${stored.record}` };
    answer(asked, StoredRecord, stored, { status: repeated ? 200 : 201, headers });
  },
});

export const storeVersion = route({
  method: 'put',
  path: '/v1/records/{record}/content',
  word: 'records',
  summary: 'Stores the next version of a record at its custodian',
  needs: 'token',
  params: z.object({ record: Base32Id }),
  headers: z.object({ 'Idempotency-Key': IdempotencyKey, 'If-Match': IfMatch.optional() }),
  body: { mediaType: '*/*', limit: 'upload' },
  answers: {
    201: { says: 'Stored', schema: StoredRecord, headers: ['Location'] },
    200: { says: 'It was stored before under this key', schema: StoredRecord, headers: ['Location'] },
  },
  failures: [
    ...uploadFailures,
    'RECORD_UNKNOWN',
    'NOT_CUSTODIAN',
    'PATIENT_AUTHORED',
    'VERSION_CONFLICT',
    'IF_MATCH_REQUIRED',
    'INTEGRITY_BROKEN',
  ],
  serve: async (asked) => {
    const { record } = asked.params;
    const upload = uploadIn(asked, asked.headers['Idempotency-Key']);
    const replaces = replacedBy(asked.headers['If-Match']);
    const { stored, repeated } = await asked.gateway.storeVersion({ ...upload, record, replaces });
    const headers = { Location: `/v1/records/${record}/content?version=${stored.version}` };
    answer(asked, StoredRecord, stored, { status: repeated ? 200 : 201, headers });
  },
});

export const anchor = route({
  method: 'get',
  path: '/v1/records/{record}',
  word: 'records',
  summary: 'What the ledger says of a record: its custodian and the commitment of each version',
  needs: 'token',
  params: z.object({ record: Base32Id }),
  answers: { 200: { says: 'The anchor', schema: RecordAnchor } },
  failures: [...ledgerFailures, 'RECORD_UNKNOWN', 'NOT_YOURS', 'NO_GRANT', 'CARE_MEMBERS_ONLY'],
  serve: async (asked) =>
    answer(asked, RecordAnchor, await asked.gateway.anchorOf(asked.caller, asked.params.record)),
});

function uploadIn(
  { caller, request, response, settings }: Asked<unknown, unknown, unknown, 'token'>,
  idempotencyKey: string,
) {
  const mediaType = request.headers['content-type'] ?? 'application/octet-stream';
  if (!parseMediaType(mediaType)) throw new Failure('MEDIA_TYPE_UNSUPPORTED');
  const { uploadLimit: bytes, idleMilliseconds } = settings;
  return {
    caller,
    idempotencyKey,
    mediaType,
    content: bodyOf(request, response, { bytes, idleMilliseconds }),
  };
}

/** What a query says is corrected: both the record and what is wrong with it, or nothing. */
function correctingIn(query: {
  corrects?: string | undefined;
  'corrects-version'?: number | undefined;
  correction?: Correction | undefined;
}): Correcting | 'incomplete' | undefined {
  const { corrects: record, 'corrects-version': version, correction } = query;
  if (record !== undefined && correction !== undefined) return { record, version, correction };
  const isNothing = record === undefined && version === undefined && correction === undefined;
  return isNothing ? undefined : 'incomplete';
}
