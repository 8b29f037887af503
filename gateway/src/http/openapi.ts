import {
  OpenAPIRegistry,
  OpenApiGeneratorV31,
  type RouteConfig,
  zodToOpenAPIRegistry,
} from '@asteasolutions/zod-to-openapi';
import {
  AcceptedStatement,
  describe,
  type FailureCode,
  Genesis,
  Health,
  type LedgerKind,
  ListedAccess,
  ListedDevice,
  ListedGrant,
  ListedRecord,
  OrganisationAnswer,
  PatientAnswer,
  Problem,
  RecordAnchor,
  ReleaseAnswer,
  ReleaseRequest,
  SmartConfiguration,
  StoredRecord,
  TokenAnswer,
  TokenRefusal,
  WellKnown,
} from '@chartkey/vocabulary';
import { mediaTypeOf, type Route } from './route.ts';

/** Where a document is served; the one in the repository names no network. */
interface ServedAt {
  ledger: LedgerKind;
  network: string;
  url: string;
}

const PROBLEM = 'application/problem+json';
const PROBLEM_REF = { $ref: '#/components/schemas/Problem' };

/** Shapes that get a name of their own in the document. */
const named = {
  AcceptedStatement,
  Genesis,
  Health,
  ListedAccess,
  ListedDevice,
  ListedGrant,
  ListedRecord,
  OrganisationAnswer,
  PatientAnswer,
  Problem,
  RecordAnchor,
  ReleaseAnswer,
  ReleaseRequest,
  SmartConfiguration,
  StoredRecord,
  TokenAnswer,
  TokenRefusal,
  WellKnown,
};

for (const [refId, schema] of Object.entries(named))
  zodToOpenAPIRegistry.add(schema, { _internal: { refId } });

const headerSays: Readonly<Record<string, string>> = {
  'Accept-Ranges': 'bytes',
  'Access-Id': 'The access this answer belongs to, on the ledger',
  'Chartkey-Ledger': 'The kind of ledger: embedded or fabric',
  'Content-Disposition': 'attachment',
  'Content-Range': 'Which part is served (RFC 9110)',
  'Content-Security-Policy': 'sandbox',
  ETag: 'The version, in quotes',
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
  if (mediaTypeOf(route) !== '*/*') codes.add('NOT_ACCEPTABLE');
  if (route.query && 'cursor' in route.query.shape) codes.add('CURSOR_INVALID');
  if (route.mayAsk && route.body) codes.add('DEVICES_ONLY');
  if (route.body) {
    codes.add('MEDIA_TYPE_UNSUPPORTED').add('BODY_TOO_LARGE').add('UPLOAD_INCOMPLETE').add('TOO_SLOW');
  }
  for (const code of route.failures) codes.add(code);
  return [...codes].sort();
}

/** The OpenAPI 3.1 document of these routes, made from the schemas that the routes themselves use. */
export function openApiDocument(routes: readonly Route[], at?: ServedAt): { openapi: string } {
  const registry = new OpenAPIRegistry();
  registry.registerComponent('securitySchemes', 'token', {
    type: 'http',
    scheme: 'bearer',
    description: 'An access token of /v1/oauth/token',
  });
  registry.registerComponent('securitySchemes', 'release', {
    type: 'http',
    scheme: 'bearer',
    bearerFormat: 'chartkey-release+jwt',
    description: 'A JWT by the asking gateway’s device, for this URL, 60 s at most, once',
  });
  for (const [name, description] of Object.entries(headerSays)) {
    registry.registerComponent('headers', name, { description, schema: { type: 'string' } });
  }
  for (const route of routes) registry.registerPath(operationOf(route));
  return new OpenApiGeneratorV31([
    ...Object.values(named).map((schema) => ({ type: 'schema', schema }) as const),
    ...registry.definitions,
  ]).generateDocument({
    openapi: '3.1.0',
    info: {
      title: 'Chartkey gateway',
      version: '1',
      description:
        'Medical records that the patient opens and closes. Every answer has the header Chartkey-Ledger; every problem has a code of a closed list. Any path may also answer METHOD_UNKNOWN (405, with Allow), and HEADERS_TOO_LARGE (431) or TOO_SLOW (408) before it is looked at.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      ...(at ? { 'x-chartkey-network': at.network, 'x-chartkey-ledger': at.ledger } : {}),
    },
    servers: [{ url: at?.url ?? '/' }],
  });
}

function operationOf(route: Route): RouteConfig {
  const { method, path, word, summary, params, query, headers, body } = route;
  return {
    method,
    path,
    summary,
    tags: [word],
    operationId: `${method} ${path}`.replace(/[^a-z]+/gi, '_').replace(/_$/, ''),
    security: securityOf(route),
    request: {
      params,
      query,
      headers,
      ...(body
        ? {
            body: {
              required: true,
              content: { [body.mediaType]: body.schema ? { schema: body.schema } : {} },
            },
          }
        : {}),
    },
    responses: responsesOf(route),
  };
}

function securityOf({ needs }: Route): Array<Record<string, string[]>> {
  if (needs === 'proof') return [{ release: [] }];
  if (needs === 'token') return [{ token: [] }];
  return needs === 'optional-token' ? [{}, { token: [] }] : [];
}

function responsesOf(route: Route): RouteConfig['responses'] {
  const responses: RouteConfig['responses'] = {};
  for (const [status, { says, schema, mediaType, headers = [] }] of Object.entries(route.answers)) {
    const type = mediaType ?? 'application/json';
    responses[status] = {
      description: says,
      headers: headersOf(['Chartkey-Ledger', ...headers]),
      content: { [type]: schema ? { schema } : {} },
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

/** The document of the repository, as text: indented, so that a change can be read. */
export function openApiText(routes: readonly Route[]): string {
  return `${JSON.stringify(openApiDocument(routes), null, 2)}\n`;
}
