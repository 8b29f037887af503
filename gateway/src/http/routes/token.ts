import {
  describe,
  Failure,
  type FailureCode,
  parseCompactJws,
  STATEMENT_BYTES,
  TokenAnswer,
  TokenRefusal,
} from '@chartkey/vocabulary';
import * as z from 'zod';
import { answer } from '../answer.ts';
import { textOf } from '../body.ts';
import { parsePairs } from '../query.ts';
import { type Asked, route } from '../route.ts';

const GRANT_TYPE = 'client_credentials';
const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

const TokenForm = z.object({
  grant_type: z.literal(GRANT_TYPE),
  client_assertion_type: z.literal(ASSERTION_TYPE),
  client_assertion: z.string(),
});

/** Why an assertion brings no token. */
const clientCodes: readonly FailureCode[] = [
  'ASSERTION_INVALID',
  'ASSERTION_EXPIRED',
  'ASSERTION_REPLAYED',
  'ASSERTION_MISADDRESSED',
  'SIGNATURE_INVALID',
  'CLIENT_UNKNOWN',
  'SUSPECT_KEY',
  'DEVICE_REVOKED',
  'DEVICE_EXPIRED',
];

type OAuthError = TokenRefusal['error'];

/** A refusal in the words of RFC 6749 section 5.2. */
class Refusal extends Error {
  constructor(
    readonly error: OAuthError,
    readonly code: FailureCode,
    /** the part of the form or assertion that does not fit */
    readonly at?: string | number | undefined,
  ) {
    super(code);
  }
}

export const token = route({
  method: 'post',
  path: '/v1/oauth/token',
  word: 'token',
  summary: 'An access token for a client assertion (RFC 7523); starts a session on the ledger',
  needs: 'nothing',
  body: { mediaType: 'application/x-www-form-urlencoded', schema: TokenForm, limit: STATEMENT_BYTES },
  answers: {
    200: { says: 'The token, good for at most 300 s', schema: TokenAnswer },
    400: { says: 'RFC 6749: `invalid_request`, `unsupported_grant_type`', schema: TokenRefusal },
    401: {
      says: `RFC 6749: \`invalid_client\`, with one of these in \`code\`: ${clientCodes.join(', ')}`,
      schema: TokenRefusal,
    },
  },
  failures: ['TOO_MANY_SESSIONS', 'LEDGER_UNAVAILABLE', 'LEDGER_CONFLICT', 'OUTCOME_UNKNOWN', 'BUSY'],
  serve: async (asked) => {
    asked.response.setHeader('Pragma', 'no-cache');
    try {
      await asked.limits.token(asked.request, asked.response);
      const { token, expiresIn } = await asked.gateway.startSession(await assertionIn(asked));
      answer(asked, TokenAnswer, { access_token: token, token_type: 'Bearer', expires_in: expiresIn });
    } catch (error) {
      const refusal = refusalOf(error);
      if (!refusal) throw error;
      asked.response.locals['code'] = refusal.code;
      const { says, remedy } = describe(refusal.code);
      const error_description = `${says} ${remedy}`.replaceAll('’', "'");
      const at = refusal.at === undefined ? {} : { at: String(refusal.at) };
      const body = { error: refusal.error, error_description, code: refusal.code, ...at };
      answer(asked, TokenRefusal, body, { status: refusal.error === 'invalid_client' ? 401 : 400 });
    }
  },
});

/** RFC 6749 section 3.2: unknown parameters are ignored, none may stand twice. */
async function assertionIn({ request, response, settings }: Asked): Promise<string> {
  const { idleMilliseconds } = settings;
  const text = await textOf(request, response, { bytes: STATEMENT_BYTES, idleMilliseconds });
  const form = new Map<string, string>();
  for (const [name, value] of parsePairs(text)) {
    if (form.has(name)) throw new Refusal('invalid_request', 'INVALID_REQUEST', 'body');
    form.set(name, value);
  }
  const [grantType, type, assertion] = ['grant_type', 'client_assertion_type', 'client_assertion'].map(
    (name) => form.get(name),
  );
  if (!grantType) throw new Refusal('invalid_request', 'INVALID_REQUEST', 'grant_type');
  if (!assertion) throw new Refusal('invalid_request', 'INVALID_REQUEST', 'client_assertion');
  if (grantType !== GRANT_TYPE) throw new Refusal('unsupported_grant_type', 'INVALID_REQUEST', 'grant_type');
  if (type !== ASSERTION_TYPE)
    throw new Refusal('invalid_client', 'ASSERTION_INVALID', 'client_assertion_type');
  try {
    parseCompactJws(assertion);
  } catch {
    throw new Refusal('invalid_client', 'ASSERTION_INVALID', 'client_assertion');
  }
  return assertion;
}

/** Categories that RFC 6749 has a word for; the rest are problem documents as everywhere. */
function refusalOf(error: unknown): Refusal | undefined {
  if (error instanceof Refusal) return error;
  if (!(error instanceof Failure)) return undefined;
  const { code } = error;
  if (code === 'INVALID_REQUEST' || code === 'UPLOAD_INCOMPLETE') return new Refusal('invalid_request', code);
  const { category } = describe(code);
  const isOfClient = ['invalid', 'unauthenticated', 'forbidden', 'unknown'].includes(category);
  return isOfClient ? new Refusal('invalid_client', code, error.about['at']) : undefined;
}
