import type { RouteConfig } from '@asteasolutions/zod-to-openapi';
import { describe, type FailureCode } from '@chartkey/vocabulary';
import { EVENT_STREAM, mediaTypesOf, type Route } from './route.ts';

const PROBLEM = 'application/problem+json';
const PROBLEM_REF = { $ref: '#/components/schemas/Problem' };

/** What each header of an answer says. */
export const headerSays: Readonly<Record<string, string>> = {
  'Accept-Ranges': 'bytes',
  'Access-Id': 'The access this answer belongs to, on the ledger',
  'Chartkey-Ledger': 'The kind of ledger: embedded or fabric',
  'Content-Disposition': 'attachment',
  'Content-Range': 'Which part is served (RFC 9110)',
  'Content-Security-Policy': 'sandbox',
  ETag: 'The version, in quotes',
  'Late-Entry': 'The number under which the ledger will have a release without it',
  Location: 'Where what was stored is found',
  'Repr-Digest': 'SHA-256 of the whole content (RFC 9530)',
  'Retry-After': 'Seconds',
  'WWW-Authenticate': 'Bearer',
};

/** Every code a route can answer with: its verb's, and those of its door. */
export function codesOf(route: Route): FailureCode[] {
  const codes = new Set<FailureCode>(['INVALID_REQUEST', 'UNKNOWN_PARAMETER', 'TOO_MANY_REQUESTS', 'BROKEN']);
  if (route.needs === 'token') codes.add('TOKEN_REQUIRED').add('TOKEN_INVALID');
  if (route.needs === 'proof') codes.add('RELEASE_PROOF_INVALID');
  if (!mediaTypesOf(route).includes('*/*')) codes.add('NOT_ACCEPTABLE');
  if (route.query && ('cursor' in route.query.shape || 'after' in route.query.shape))
    codes.add('CURSOR_INVALID');
  if (route.body) {
    codes.add('MEDIA_TYPE_UNSUPPORTED').add('BODY_TOO_LARGE').add('UPLOAD_INCOMPLETE').add('TOO_SLOW');
  }
  for (const code of route.failures) codes.add(code);
  return [...codes].sort();
}

/** A route's answers and refusals by status, each refusal with its codes. */
export function responsesOf(route: Route): RouteConfig['responses'] {
  const responses: RouteConfig['responses'] = {};
  for (const [status, { says, schema, mediaType, streams, headers = [] }] of Object.entries(route.answers)) {
    const type = mediaType ?? 'application/json';
    responses[status] = {
      description: says,
      headers: headersOf(['Chartkey-Ledger', ...headers]),
      content: {
        ...(status === '204' ? {} : { [type]: schema ? { schema } : {} }),
        ...(streams ? { [EVENT_STREAM]: {} } : {}),
      },
    };
  }
  for (const [status, codes] of byStatus(codesOf(route))) {
    const before = responses[status] as { description: string; content: object } | undefined;
    const lines = codes.map((code) => `- \`${code}\`: ${describe(code).says}`);
    responses[status] = {
      description: [...(before ? [before.description, ''] : []), ...lines].join('\n'),
      headers: headersOf(['Chartkey-Ledger', ...headersWith(Number(status))]),
      content: { ...before?.content, [PROBLEM]: { schema: problemWith(codes) } },
    };
  }
  return responses;
}

const problemWith = (codes: FailureCode[]) => ({
  allOf: [PROBLEM_REF, { type: 'object' as const, properties: { code: { enum: codes } } }],
});

function headersWith(status: number): string[] {
  if (status === 401) return ['WWW-Authenticate'];
  if (status === 416) return ['Content-Range'];
  return status === 429 || status === 503 ? ['Retry-After'] : [];
}

const headersOf = (names: readonly string[]) =>
  Object.fromEntries(names.map((name) => [name, { $ref: `#/components/headers/${name}` }]));

function byStatus(codes: FailureCode[]): Map<string, FailureCode[]> {
  const found = new Map<string, FailureCode[]>();
  for (const code of codes) {
    const status = String(describe(code).status);
    found.set(status, [...(found.get(status) ?? []), code]);
  }
  return found;
}
