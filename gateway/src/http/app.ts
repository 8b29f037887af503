import { Failure } from '@chartkey/vocabulary';
import express, { type Express, type Request, type RequestHandler, type Response } from 'express';
import helmet from 'helmet';
import type { Gateway } from '../gateway.ts';
import { admit } from './admission.ts';
import { makeLimits } from './limits.ts';
import { logRequests } from './log.ts';
import { openApiDocument } from './openapi.ts';
import { allowOrigins } from './origins.ts';
import { sendProblem } from './problem.ts';
import type { Door, Route } from './route.ts';
import { routes } from './routes/index.ts';
import type { HttpSettings } from './settings.ts';

/** The HTTP side of a gateway: parses, authenticates, calls the gateway's verbs, answers. */
export function makeApp(gateway: Gateway, settings: HttpSettings): Express {
  const { ledger } = gateway.genesis.genesis;
  const { network, organisation } = gateway;
  const limits = makeLimits(settings);
  let document: { openapi: string } | undefined;
  const door: Door = {
    gateway,
    settings,
    limits,
    document: () => {
      document ??= openApiDocument(routes, { ledger, network, url: organisation.url });
      return document;
    },
  };
  const app = bareApp();
  app.set('trust proxy', [...settings.trustedProxies]);
  app.use((_request, response, next) => {
    response.setHeader('Chartkey-Ledger', ledger);
    next();
  });
  app.use(logRequests(settings), securityHeaders(), cutSlowReaders(settings.idleMilliseconds));
  app.use(allowOrigins(settings.appOrigins), limits.address);
  for (const [path, sharing] of Map.groupBy(routes, (route) => route.path)) open(app, path, sharing, door);
  closeWithProblems(app, settings);
  return app;
}

/** An Express that reads paths to the letter and parses nothing by itself. */
export function bareApp(): Express {
  const app = express();
  app.disable('x-powered-by').disable('etag');
  app.set('query parser', false);
  app.enable('case sensitive routing').enable('strict routing');
  return app;
}

/** What no route took is 404; what any of them throws is a problem document. */
export function closeWithProblems(app: Express, { log }: Pick<HttpSettings, 'log'>): void {
  app.use(() => {
    throw new Failure('NOT_FOUND');
  });
  app.use((error: unknown, request: Request, response: Response, _next: unknown) => {
    sendProblem(error, request, response, log);
  });
}

/** Opens one path for its methods. HEAD goes only where looking leaves no trace: where no token is needed. */
function open(app: Express, path: string, sharing: Route[], door: Door): void {
  const allowed = sharing.flatMap(({ method, needs }) =>
    method === 'get' && needs === 'nothing' ? ['GET', 'HEAD'] : [method.toUpperCase()],
  );
  const serve: RequestHandler = async (request, response) => {
    const method = request.method === 'HEAD' ? 'get' : request.method.toLowerCase();
    const route = sharing.find((one) => one.method === method);
    response.locals['route'] = route ?? sharing[0];
    if (!route || !allowed.includes(request.method)) {
      response.setHeader('Allow', allowed.join(', '));
      throw new Failure('METHOD_UNKNOWN');
    }
    await route.serve(await admit(route, door, request, response));
  };
  app.all(path.replaceAll(/\{([a-z]+)\}/g, ':$1'), serve);
}

/** For every answer: nothing of it is to be run, framed or told to others. */
export function securityHeaders(): ReturnType<typeof helmet> {
  return helmet({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] },
    },
    referrerPolicy: { policy: 'no-referrer' },
    xFrameOptions: { action: 'deny' },
  });
}

/** From an answer's first byte on, a client that takes none for so long loses its connection. */
function cutSlowReaders(milliseconds: number): RequestHandler {
  return (_request, response, next) => {
    const writeHead = response.writeHead;
    response.writeHead = ((...head: Parameters<typeof writeHead>) => {
      response.socket?.setTimeout(milliseconds);
      return writeHead.apply(response, head);
    }) as typeof writeHead;
    next();
  };
}
