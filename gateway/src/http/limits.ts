import { Failure, parseCompactJws, Thumbprint } from '@chartkey/vocabulary';
import type { Request, RequestHandler, Response } from 'express';
import { ipKeyGenerator, rateLimit } from 'express-rate-limit';
import * as z from 'zod';
import type { Caller } from '../gateway.ts';
import type { HttpSettings } from './settings.ts';

const MINUTE = 60_000;

/** How often each may ask in a minute; every one throws TOO_MANY_REQUESTS. */
export interface Limits {
  address: RequestHandler;
  token(request: Request, response: Response): Promise<void>;
  caller(request: Request, response: Response, caller: Caller): Promise<void>;
  /** Each asks a stranger's server something. */
  webhook(request: Request, response: Response, caller: Caller): Promise<void>;
  /** Each stays on the disk, for whatever patient. */
  reason(request: Request, response: Response, caller: Caller): Promise<void>;
  statementAddress(request: Request, response: Response): Promise<void>;
  /** Counts only statements that verify, so nobody can use up another's share in its name. */
  signer(request: Request, response: Response, statement: string): Promise<void>;
}

export function makeLimits(settings: HttpSettings): Limits {
  const byAddress = (limit: number) => perMinute(limit, (request) => ipKeyGenerator(request.ip ?? ''));
  const byLocal = (limit: number, options: { verifiedOnly?: boolean } = {}) =>
    perMinute(limit, (_request, response) => String(response.locals['limitKey']), options);
  const tokens = byAddress(settings.tokensPerAddress);
  const statements = byAddress(settings.statementsPerAddress);
  const callers = byLocal(settings.requestsPerCaller);
  const webhooks = byLocal(settings.webhooksPerCaller);
  const reasons = byLocal(settings.reasonsPerCaller);
  const asCaller = (limiter: RequestHandler) => (request: Request, response: Response, caller: Caller) => {
    response.locals['limitKey'] = `${caller.session.subject} ${caller.session.id}`;
    return passing(limiter, request, response);
  };
  const signers = byLocal(settings.statementsPerSigner, { verifiedOnly: true });
  const revokers = byLocal(settings.revocationsPerSigner, { verifiedOnly: true });
  return {
    address: byAddress(settings.requestsPerAddress),
    token: (request, response) => passing(tokens, request, response),
    statementAddress: (request, response) => passing(statements, request, response),
    caller: asCaller(callers),
    webhook: asCaller(webhooks),
    reason: asCaller(reasons),
    signer: async (request, response, statement) => {
      const signer = signerOf(statement);
      if (!signer) return;
      response.locals['limitKey'] = signer.kid;
      await passing(signer.revokes ? revokers : signers, request, response);
    },
  };
}

function perMinute(
  limit: number,
  keyGenerator: (request: Request, response: Response) => string,
  options: { verifiedOnly?: boolean } = {},
): RequestHandler {
  return rateLimit({
    windowMs: MINUTE,
    limit,
    keyGenerator,
    legacyHeaders: false,
    standardHeaders: false,
    validate: false,
    skipFailedRequests: options.verifiedOnly ?? false,
    // only a statement that its signer really made, and that was new, counts against the signer
    requestWasSuccessful: (_request, response) => response.statusCode === 201,
    handler: (request, _response, next) => {
      const { rateLimit: info } = request as Request & { rateLimit?: { resetTime?: Date } };
      const milliseconds = (info?.resetTime?.getTime() ?? Date.now() + MINUTE) - Date.now();
      next(new Failure('TOO_MANY_REQUESTS', { retryAfter: Math.max(1, Math.ceil(milliseconds / 1000)) }));
    },
  });
}

function passing(limiter: RequestHandler, request: Request, response: Response): Promise<void> {
  return new Promise((resolve, reject) => {
    void limiter(request, response, (error?: unknown) => (error ? reject(error) : resolve()));
  });
}

const SignedBy = z.object({ kid: Thumbprint });
/** Whatever takes back or freezes has no number. */
const Numbered = z.object({ seq: z.unknown().optional() });

/** Who a statement says signed it; undefined for what cannot be a statement, which its verb refuses. */
function signerOf(statement: string): { kid: string; revokes: boolean } | undefined {
  try {
    const { header, payload } = parseCompactJws(statement);
    const { kid } = SignedBy.parse(JSON.parse(header));
    return { kid, revokes: Numbered.parse(JSON.parse(payload)).seq === undefined };
  } catch {
    return undefined;
  }
}
