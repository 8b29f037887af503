import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { Failure } from '@chartkey/vocabulary';
import type { Express } from 'express';
import type { Caller, Gateway } from '../gateway.ts';
import { securityHeaders } from './app.ts';
import { authenticateIfAny } from './authenticate.ts';
import { carriesBody } from './body.ts';
import { watch } from './log.ts';
import { headersOf, problemOf } from './problem.ts';
import { content } from './routes/content.ts';
import type { HttpSettings } from './settings.ts';

const [before, after] = content.path.split('{record}') as [string, string];

/**
 * An app before which a read of content meets its 503 when there is no room for it. Whoever asks for more than
 * the gateway can do asks often: nothing is looked at but whose token it is, so that the refusals take little
 * of the time that those inside wait for (docs/adr/0024-a-crowd-is-refused-before-the-door.md).
 */
export function refusingCrowds(gateway: Gateway, settings: HttpSettings, app: Express): RequestListener {
  const busy = new Failure('BUSY');
  const body = JSON.stringify(problemOf(busy));
  const headers = {
    ...headersOf(busy),
    'Chartkey-Ledger': gateway.genesis.genesis.ledger,
    'Content-Type': 'application/problem+json',
    'Content-Length': Buffer.byteLength(body),
    'Cache-Control': 'no-store',
  };
  const secure = securityHeaders();
  const refuse = (caller: Caller, request: IncomingMessage, response: ServerResponse) => {
    watch(request, response, settings, { route: content, caller, code: busy.code });
    secure(request, response, () => undefined);
    response.writeHead(503, headers).end(body);
  };
  return (request, response) => {
    const caller = isPlainRead(request) ? authenticateIfAny(gateway, request) : undefined;
    if (caller && !gateway.hasRoomFor(caller)) refuse(caller, request, response);
    else app(request, response);
  };
}

/** A read that nothing else has to be said to: no emergency, no browser, no body. */
function isPlainRead(request: IncomingMessage): boolean {
  const { method, headers, url = '' } = request;
  const [path] = url.split('?', 1) as [string];
  return (
    method === 'GET' &&
    path.startsWith(before) &&
    path.endsWith(after) &&
    headers.origin === undefined &&
    headers['break-glass'] === undefined &&
    !carriesBody(request)
  );
}
