import {
  OpenAPIRegistry,
  OpenApiGeneratorV31,
  type RouteConfig,
  zodToOpenAPIRegistry,
} from '@asteasolutions/zod-to-openapi';
import {
  AcceptedStatement,
  ApprovalAnswer,
  EndToEndRead,
  Genesis,
  Health,
  LedgerEvent,
  type LedgerKind,
  ListedAccess,
  ListedDevice,
  ListedGrant,
  ListedRecord,
  OfferAnswer,
  OfferRequest,
  OpenRelease,
  OrganisationAnswer,
  PatientAnswer,
  Problem,
  ReadRequest,
  RecordAnchor,
  ReleaseAnswer,
  ReleaseRequest,
  SealedRelease,
  SmartConfiguration,
  Statement,
  StoredRecord,
  TokenAnswer,
  TokenRefusal,
  Webhook,
  WebhookRequest,
  WellKnown,
} from '@chartkey/vocabulary';
import { headerSays, responsesOf } from './openapi-answers.ts';
import type { Route } from './route.ts';

/** Where a document is served; the one in the repository names no network. */
interface ServedAt {
  ledger: LedgerKind;
  network: string;
  url: string;
}

/** Shapes that get a name of their own in the document. */
const named = {
  AcceptedStatement,
  ApprovalAnswer,
  EndToEndRead,
  Genesis,
  Health,
  LedgerEvent,
  ListedAccess,
  ListedDevice,
  ListedGrant,
  ListedRecord,
  OrganisationAnswer,
  OfferAnswer,
  OfferRequest,
  PatientAnswer,
  OpenRelease,
  Problem,
  ReadRequest,
  RecordAnchor,
  ReleaseAnswer,
  ReleaseRequest,
  SealedRelease,
  SmartConfiguration,
  Statement,
  StoredRecord,
  TokenAnswer,
  TokenRefusal,
  Webhook,
  WebhookRequest,
  WellKnown,
  // What a statement's payload says, by its act: `Statement` is one of these.
  ...Object.fromEntries(Statement.options.map((act) => [act.shape.act.value, act])),
};

for (const [refId, schema] of Object.entries(named))
  zodToOpenAPIRegistry.add(schema, { _internal: { refId } });

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

/** The document of the repository, as text: indented, so that a change can be read. */
export function openApiText(routes: readonly Route[]): string {
  return `${JSON.stringify(openApiDocument(routes), null, 2)}\n`;
}
