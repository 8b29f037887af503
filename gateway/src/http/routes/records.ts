import {
  Base32Id,
  distinct,
  Failure,
  MOST_LABELS,
  RecordAnchor,
  Sensitivity,
  StoredRecord,
  Thumbprint,
} from '@chartkey/vocabulary';
import * as z from 'zod';
import { answer } from '../answer.ts';
import { devicesOnly } from '../authenticate.ts';
import { bodyOf } from '../body.ts';
import { IdempotencyKey, IfMatch, replacedBy } from '../headers.ts';
import { parseMediaType } from '../media-type.ts';
import { type Asked, route } from '../route.ts';
import { ledgerFailures, recordingFailures, sessionFailures } from './ledger-failures.ts';

const uploadFailures = [
  ...sessionFailures,
  'DEVICES_ONLY',
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
  query: z.object({ patient: Thumbprint, label: distinct(Sensitivity, MOST_LABELS).optional() }),
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
    'LEDGER_DISAGREES',
    'INTEGRITY_BROKEN',
  ],
  mayAsk: devicesOnly,
  serve: async (asked) => {
    const { patient, label: sensitivities = [] } = asked.query;
    const upload = uploadIn(asked, asked.headers['Idempotency-Key']);
    const { stored, repeated } = await asked.gateway.storeRecord({ ...upload, patient, sensitivities });
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
    'VERSION_CONFLICT',
    'IF_MATCH_REQUIRED',
    'INTEGRITY_BROKEN',
  ],
  mayAsk: devicesOnly,
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
