import { describe as described, type FailureCode, isFailureCode } from '@chartkey/vocabulary';
import { codesOf } from '../../gateway/src/http/openapi-answers.ts';
import { routes } from '../../gateway/src/http/routes/index.ts';
import { ledgerKind } from '../support/consortium.ts';
import { type Json, jsonOf } from './cast.ts';

/** What each refusal said, so that a test can look through all of them. */
export const problems: string[] = [];

/** Looks a problem document over (RFC 9457, with our code) and answers it. */
export async function refused(answer: Response, code: string): Promise<Json> {
  const body = await read(answer);
  expect(`${answer.status} ${body['code']}`).toBe(`${statusOf(code)} ${code}`);
  expect(answer.headers.get('Content-Type')).toBe('application/problem+json');
  const { says, remedy } = described(code as FailureCode);
  const problem = {
    type: `urn:chartkey:failure:${code}`,
    title: says,
    status: answer.status,
    detail: remedy,
  };
  expect(body).toMatchObject(problem);
  expect(answer.headers.get('Chartkey-Ledger')).toBe(ledgerKind);
  expect(answer.headers.get('X-Content-Type-Options')).toBe('nosniff');
  expect(answer.headers.get('Cache-Control')).toBe('no-store');
  if (answer.url) expect(documentedAt(answer.url)).toContain(code);
  if (answer.status === 401) expect(answer.headers.get('WWW-Authenticate')).toContain('Bearer');
  if (answer.status === 503) expect(Number(answer.headers.get('Retry-After'))).toBeGreaterThan(0);
  return body;
}

/** Looks a refusal of the token endpoint over (RFC 6749 section 5.2, with our code). */
export async function noToken(answer: Response, error: string, code: string): Promise<void> {
  const body = await read(answer);
  const found = `${answer.status} ${body['error']} ${body['code']}`;
  expect(found).toBe(`${error === 'invalid_client' ? 401 : 400} ${error} ${code}`);
  const documented = routes.find(({ path }) => path === '/v1/oauth/token')!.answers;
  expect(JSON.stringify(documented)).toContain(code === 'INVALID_REQUEST' ? 'invalid_request' : code);
  expect(answer.headers.get('Content-Type')).toMatch(/^application\/json/);
  expect(answer.headers.get('Cache-Control')).toBe('no-store');
  // RFC 6749: printable ASCII without quotation mark and backslash
  expect(body['error_description']).toMatch(/^[\x20-\x21\x23-\x5b\x5d-\x7e]+$/);
}

async function read(answer: Response): Promise<Json> {
  problems.push(await answer.clone().text());
  return jsonOf(answer);
}

function statusOf(code: string): number {
  if (!isFailureCode(code)) throw new Error(`${code} is not a listed code`);
  return described(code).status;
}

/** Codes that the OpenAPI document lists for a path, whatever the method. */
function documentedAt(url: string): string[] {
  const { pathname } = new URL(url);
  const here = routes.filter(({ path }) =>
    new RegExp(`^${path.replace(/\{[a-z]+\}/g, '[^/]+')}$`).test(pathname),
  );
  return ['NOT_FOUND', 'METHOD_UNKNOWN', ...here.flatMap(codesOf)];
}
