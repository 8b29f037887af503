import { AcceptedStatement, Failure, malformed, STATEMENT_BYTES, TransactionId } from '@chartkey/vocabulary';
import * as z from 'zod';
import { answer } from '../answer.ts';
import { textOf } from '../body.ts';
import { type Asked, route } from '../route.ts';
import { statementFailures } from './ledger-failures.ts';

const compact = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/;
const Signed = z
  .string()
  .regex(compact)
  .describe(
    'A compact JWS; its payload is a Statement (#/components/schemas/Statement), told apart by `act`',
  );

export const statements = route({
  method: 'post',
  path: '/v1/statements',
  word: 'statements',
  summary:
    'One door for enrolment, consent, revocation and device approval: the verb is inside the signature',
  needs: 'optional-token',
  query: z.object({ transaction: TransactionId.optional() }),
  body: { mediaType: 'application/jose', schema: Signed, limit: STATEMENT_BYTES },
  answers: {
    201: { says: 'The statement is on the ledger', schema: AcceptedStatement },
    200: { says: 'It was before; the first outcome', schema: AcceptedStatement },
  },
  failures: [
    'INVALID_STATEMENT',
    'SIGNATURE_INVALID',
    'WRONG_NETWORK',
    'STATEMENT_EXPIRED',
    'STATEMENT_FROM_THE_FUTURE',
    'INVALID_KEY',
    'INVALID_PROOF',
    'TOKEN_REQUIRED',
    'TOKEN_INVALID',
    'SESSION_UNKNOWN',
    'SESSION_EXPIRED',
    'SESSION_FOREIGN',
    'DEVICE_REVOKED',
    'DEVICE_EXPIRED',
    'DEVICES_ONLY',
    'KIND_NOT_ALLOWED',
    'NOT_YOURS',
    'ORGANISATION_UNKNOWN',
    'DEVICE_UNKNOWN',
    'PATIENT_UNKNOWN',
    'GRANT_UNKNOWN',
    'RECORD_UNKNOWN',
    ...statementFailures,
    'STALE_SEQUENCE',
    'KEY_USED',
    'GRANT_LIMIT',
    'LEDGER_CONFLICT',
    'LEDGER_DISAGREES',
    'LEDGER_UNAVAILABLE',
    'BUSY',
    'OUTCOME_UNKNOWN',
  ],
  serve: async (asked) => {
    await asked.limits.statementAddress(asked.request, asked.response);
    const statement = await statementIn(asked);
    await asked.limits.signer(asked.request, asked.response, statement);
    const { accepted, repeated } = await submitted(asked, statement, asked.query.transaction);
    answer(asked, AcceptedStatement, accepted, { status: repeated ? 200 : 201 });
  },
});

async function statementIn({ request, response, settings }: Asked): Promise<string> {
  const { idleMilliseconds } = settings;
  const text = await textOf(request, response, { bytes: STATEMENT_BYTES, idleMilliseconds });
  if (!compact.test(text)) throw malformed('statement');
  return text;
}

/** A statement that needs a token says so; who sent an outdated one hears that instead. */
async function submitted({ gateway, request, caller }: Asked, statement: string, transaction?: string) {
  try {
    return await gateway.submitStatement(statement, caller, transaction);
  } catch (error) {
    const sentOne = request.headers.authorization !== undefined && caller === undefined;
    if (error instanceof Failure && error.code === 'TOKEN_REQUIRED' && sentOne) {
      throw new Failure('TOKEN_INVALID');
    }
    throw error;
  }
}
