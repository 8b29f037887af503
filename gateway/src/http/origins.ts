import type { RequestHandler } from 'express';

const exposed =
  'Access-Id, Chartkey-Ledger, Content-Range, ETag, Late-Entry, Location, Repr-Digest, Retry-After';
const allowedHeaders =
  'Authorization, Break-Glass, Content-Type, Idempotency-Key, If-Match, Last-Event-ID, Purpose-Of-Use, Range';

/** CORS (Fetch standard) for the listed origins of browser apps only; nobody else hears of it. */
export function allowOrigins(origins: readonly string[]): RequestHandler {
  return (request, response, next) => {
    if (origins.length === 0) return next();
    response.vary('Origin');
    const { origin } = request.headers;
    if (origin === undefined || !origins.includes(origin)) return next();
    response.setHeader('Access-Control-Allow-Origin', origin);
    response.setHeader('Access-Control-Expose-Headers', exposed);
    if (request.method !== 'OPTIONS' || !request.headers['access-control-request-method']) return next();
    response.setHeader('Access-Control-Allow-Methods', 'GET, POST, PUT, DELETE');
    response.setHeader('Access-Control-Allow-Headers', allowedHeaders);
    response.setHeader('Access-Control-Max-Age', '600');
    response.status(204).end();
  };
}
