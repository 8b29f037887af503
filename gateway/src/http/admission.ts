import { Failure, type FailureCode } from '@chartkey/vocabulary';
import type { Request, Response } from 'express';
import * as z from 'zod';
import { authenticate, authenticateIfAny, proofOf } from './authenticate.ts';
import { carriesBody } from './body.ts';
import { singletons } from './headers.ts';
import { isMediaType } from './media-type.ts';
import { parseQuery } from './query.ts';
import { type Door, mediaTypesOf, type Route } from './route.ts';

/**
 * What every request must pass before its route sees it: who asks and how often, whether the path, query
 * and headers have the form the route names, and whether its body is of a kind and length it takes.
 * @throws Failure, before a byte of the body is read
 */
export async function admit(
  route: Route,
  door: Door,
  request: Request,
  response: Response,
): Promise<Parameters<Route['serve']>[0]> {
  const { gateway, limits } = door;
  if (request.headers.host === undefined) throw new Failure('INVALID_REQUEST', { at: 'Host' });
  for (const name of singletons) {
    if ((request.headersDistinct[name]?.length ?? 0) > 1) throw new Failure('INVALID_REQUEST', { at: name });
  }
  const caller =
    route.needs === 'token'
      ? authenticate(gateway, request)
      : route.needs === 'optional-token'
        ? authenticateIfAny(gateway, request)
        : undefined;
  const proof = route.needs === 'proof' ? proofOf(request) : undefined;
  response.locals['caller'] = caller;
  if (caller) await limits.caller(request, response, caller);
  const params = parse(route.params, request.params);
  if (caller) route.mayAsk?.(caller, params);
  const query = parse(route.query, parseQuery(request.url, knownIn(route.query)));
  const headers = parse(route.headers, headersNamed(route, request));
  acceptable(route, request);
  supported(route, request, door.settings.uploadLimit);
  return { ...door, request, response, params, query, headers, caller, proof } as Parameters<
    Route['serve']
  >[0];
}

/** Codes that say more than INVALID_REQUEST about one part of a request. */
const ownCodes: Readonly<Record<string, FailureCode>> = {
  cursor: 'CURSOR_INVALID',
  after: 'CURSOR_INVALID',
  'Last-Event-ID': 'CURSOR_INVALID',
};
const missingCodes: Readonly<Record<string, FailureCode>> = { 'Idempotency-Key': 'IDEMPOTENCY_KEY_REQUIRED' };

function parse(schema: z.ZodObject | undefined, values: Record<string, unknown>): Record<string, unknown> {
  if (!schema) return {};
  const parsed = schema.safeParse(values);
  if (parsed.success) return parsed.data;
  const at = String(parsed.error.issues[0]?.path[0] ?? '');
  const code = values[at] === undefined ? missingCodes[at] : ownCodes[at];
  throw code ? new Failure(code) : new Failure('INVALID_REQUEST', { at });
}

/** The names of a route's query: those whose values are a list may be repeated. */
function knownIn(query: z.ZodObject | undefined) {
  const shapes = Object.entries<z.ZodType>(query?.shape ?? {});
  const isList = (shape: z.ZodType): boolean =>
    shape instanceof z.ZodOptional ? isList(shape.unwrap() as z.ZodType) : shape instanceof z.ZodArray;
  const namesOf = (some: typeof shapes) => some.map(([name]) => name);
  return {
    once: namesOf(shapes.filter(([, shape]) => !isList(shape))),
    repeatable: namesOf(shapes.filter(([, shape]) => isList(shape))),
  };
}

function headersNamed(route: Route, request: Request): Record<string, unknown> {
  const names = Object.keys(route.headers?.shape ?? {});
  return Object.fromEntries(names.map((name) => [name, request.headers[name.toLowerCase()]]));
}

function acceptable(route: Route, request: Request): void {
  const mediaTypes = mediaTypesOf(route);
  if (!mediaTypes.includes('*/*') && !request.accepts(mediaTypes)) throw new Failure('NOT_ACCEPTABLE');
}

function supported(route: Route, request: Request, uploadLimit: number): void {
  if (!route.body) {
    if (carriesBody(request)) throw new Failure('INVALID_REQUEST', { at: 'body' });
    return;
  }
  const { headers } = request;
  const plain =
    (headers['content-encoding'] ?? 'identity').toLowerCase() === 'identity' &&
    (headers['transfer-encoding'] ?? 'chunked').toLowerCase() === 'chunked';
  const { mediaType, limit } = route.body;
  if (!plain || (mediaType !== '*/*' && !isMediaType(headers['content-type'], mediaType))) {
    throw new Failure('MEDIA_TYPE_UNSUPPORTED');
  }
  if (Number(headers['content-length'] ?? 0) > (limit === 'upload' ? uploadLimit : limit)) {
    throw new Failure('BODY_TOO_LARGE');
  }
}
