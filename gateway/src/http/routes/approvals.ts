import {
  ApprovalAnswer,
  ApprovalAsk,
  Failure,
  page,
  parseUnambiguous,
  Sha256Text,
  Thumbprint,
} from '@chartkey/vocabulary';
import * as z from 'zod';
import { answer } from '../answer.ts';
import { devicesOnly } from '../authenticate.ts';
import { textOf } from '../body.ts';
import { type Asked, route } from '../route.ts';
import { ledgerFailures, sessionFailures } from './ledger-failures.ts';

/** Bytes that `{record, purpose}` may take, white space included. */
const ASK_BYTES = 1024;
const WaitingPage = page(ApprovalAnswer);

export const requestApproval = route({
  method: 'post',
  path: '/v1/approvals',
  word: 'approvals',
  summary: 'Asks the approvers of a record’s rules, after a read said APPROVAL_REQUIRED',
  needs: 'token',
  body: { mediaType: 'application/json', schema: ApprovalAsk, limit: ASK_BYTES },
  answers: {
    201: {
      says: 'Asked: of whom, how many must sign, until when',
      schema: ApprovalAnswer,
      headers: ['Location'],
    },
    200: {
      says: 'It was asked before, and is open or granted still',
      schema: ApprovalAnswer,
      headers: ['Location'],
    },
  },
  failures: [
    ...sessionFailures,
    'DEVICES_ONLY',
    'PURPOSE_REQUIRED',
    'PURPOSE_NOT_ALLOWED',
    'KIND_NOT_ALLOWED',
    'PATIENT_FROZEN',
    'DENIED_BY_PATIENT',
    'RECORD_UNKNOWN',
    'RULE_MISSING',
    'REQUEST_LIMIT',
  ],
  mayAsk: devicesOnly,
  serve: async (asked) => {
    const { asked: request, repeated } = await asked.gateway.requestApproval(
      asked.caller,
      await askIn(asked),
    );
    const headers = { Location: `/v1/approvals/${request.request}` };
    answer(asked, ApprovalAnswer, request, { status: repeated ? 200 : 201, headers });
  },
});

export const waitingApprovals = route({
  method: 'get',
  path: '/v1/approvals',
  word: 'approvals',
  summary: 'What waits for the caller to approve: a person, or a device’s organisation',
  needs: 'token',
  query: z.object({
    patient: Thumbprint.optional().describe('in whose place a delegate approves'),
    cursor: Sha256Text.optional().describe('next of the page before'),
  }),
  answers: { 200: { says: 'Open requests, by fingerprint', schema: WaitingPage } },
  failures: [...ledgerFailures, 'NOT_A_DELEGATE', 'NOT_YOURS', 'CARE_MEMBERS_ONLY'],
  serve: async (asked) =>
    answer(asked, WaitingPage, await asked.gateway.waitingApprovals(asked.caller, asked.query)),
});

export const approval = route({
  method: 'get',
  path: '/v1/approvals/{request}',
  word: 'approvals',
  summary: 'One request, with each approval and refusal, for who asked, who is asked, and the patient',
  needs: 'token',
  params: z.object({ request: Sha256Text }),
  answers: { 200: { says: 'The request as it stands now', schema: ApprovalAnswer } },
  failures: [...ledgerFailures, 'REQUEST_UNKNOWN', 'NOT_YOURS', 'CARE_MEMBERS_ONLY'],
  serve: async (asked) =>
    answer(asked, ApprovalAnswer, await asked.gateway.approvalOf(asked.caller, asked.params.request)),
});

async function askIn({ request, response, settings }: Pick<Asked, 'request' | 'response' | 'settings'>) {
  const { idleMilliseconds } = settings;
  const text = await textOf(request, response, { bytes: ASK_BYTES, idleMilliseconds });
  try {
    return ApprovalAsk.parse(parseUnambiguous(text));
  } catch {
    throw new Failure('INVALID_REQUEST', { at: 'body' });
  }
}
