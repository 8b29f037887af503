import type { FailureCode } from '@chartkey/vocabulary';
import type { Request, Response } from 'express';
import type * as z from 'zod';
import type { Caller, Gateway } from '../gateway.ts';
import type { Limits } from './limits.ts';
import type { HttpSettings } from './settings.ts';

/** What a path asks of who calls it: an access token, one if there is any, or another gateway's proof. */
type Needs = 'nothing' | 'token' | 'optional-token' | 'proof';

/** A request that passed its route's door: everything in it has the form the route names. */
export interface Asked<Params = unknown, Query = unknown, Headers = unknown, Who extends Needs = Needs> {
  gateway: Gateway;
  settings: HttpSettings;
  limits: Limits;
  /** the OpenAPI document of this gateway */
  document(): { openapi: string };
  request: Request;
  response: Response;
  params: Params;
  query: Query;
  headers: Headers;
  caller: Who extends 'token' ? Caller : Who extends 'optional-token' ? Caller | undefined : undefined;
  /** another gateway's JWT, not verified yet */
  proof: Who extends 'proof' ? string : undefined;
}

/** One answer of a route, as the OpenAPI document tells it. */
interface Answer {
  says: string;
  /** `application/json` when there is a schema and nothing else is said */
  mediaType?: string;
  schema?: z.ZodType;
  /** the same as a stream of server-sent events, where Accept names it */
  streams?: boolean;
  headers?: readonly string[];
}

/** The body a route takes. */
interface Body {
  /** the only media type taken; any for records */
  mediaType: string;
  /** absent for bytes that are never parsed */
  schema?: z.ZodType;
  /** bytes at most; `upload` is the operator's setting */
  limit: number | 'upload';
}

type Shape = z.ZodObject;

/** A path and a method: the door that Express opens and the OpenAPI document describes. */
export interface Route<
  Params extends Shape = Shape,
  Query extends Shape = Shape,
  Headers extends Shape = Shape,
  Who extends Needs = Needs,
> {
  method: 'get' | 'post' | 'put' | 'delete';
  /** OpenAPI template, `/v1/records/{record}` */
  path: string;
  word: string;
  summary: string;
  needs: Who;
  params?: Params;
  query?: Query;
  /** headers by their usual spelling; others are ignored */
  headers?: Headers;
  body?: Body;
  answers: Readonly<Record<number, Answer>>;
  /** what the gateway's verb may throw, beside what every door of this form may */
  failures: readonly FailureCode[];
  /** Cheap refusals that need no ledger. @throws Failure */
  mayAsk?(caller: Caller, params: z.output<Params>): void;
  serve(asked: Asked<z.output<Params>, z.output<Query>, z.output<Headers>, Who>): void | Promise<void>;
}

/** Lets the compiler see a route's own types, and the table of routes see none of them. */
export function route<
  Who extends Needs,
  Params extends Shape = Shape,
  Query extends Shape = Shape,
  Headers extends Shape = Shape,
>(definition: Route<Params, Query, Headers, Who>): Route {
  return definition as unknown as Route;
}

export const EVENT_STREAM = 'text/event-stream';

/** In what an answer comes: JSON, so that Accept is looked at, or bytes as they are stored. */
export function mediaTypesOf(route: Route): string[] {
  const [answer] = Object.values(route.answers);
  return [answer?.mediaType ?? 'application/json', ...(answer?.streams ? [EVENT_STREAM] : [])];
}

/** What a route is served with, besides the request. */
export type Door = Pick<Asked, 'gateway' | 'settings' | 'limits' | 'document'>;
