import { describe as described, type FailureCode } from '@chartkey/vocabulary';
import { codesOf } from '../../gateway/src/http/openapi-answers.ts';
import { routes } from '../../gateway/src/http/routes/index.ts';
import { malformedBodies } from './support/malformed-bodies.ts';
import { malformedHeaders } from './support/malformed-headers.ts';
import {
  malformedMethods,
  malformedPaths,
  malformedQueries,
  traversals,
} from './support/malformed-targets.ts';
import { type Answered, type Served, serve } from './support/served.ts';

let served: Served;
beforeAll(async () => {
  served = await serve({ uploadLimit: 1000, socketsPerAddress: 5000 });
});
afterAll(() => served.stop());

const rows = [
  ...malformedPaths,
  ...malformedMethods,
  ...malformedQueries,
  ...malformedHeaders,
  ...malformedBodies,
];

/** Codes that come before a request has a route, or instead of one. */
const beforeRoutes = ['NOT_FOUND', 'METHOD_UNKNOWN', 'HEADERS_TOO_LARGE', 'INVALID_REQUEST', 'TOO_SLOW'];

function expectProblem(found: Answered, status: number, code: string): void {
  expect([found.status, JSON.parse(found.body).code]).toEqual([status, code]);
  expect(found.headers['content-type']).toBe('application/problem+json');
  expect(found.headers['chartkey-ledger']).toBe('embedded');
  const { says, remedy } = described(code as FailureCode);
  const problem = { type: `urn:chartkey:failure:${code}`, title: says, status, code, detail: remedy };
  expect(JSON.parse(found.body)).toMatchObject(problem);
}

test.each(rows)('%s is refused', async (_what, asking, status, code) => {
  const found = await served.ask(asking);
  expectProblem(found, status, code);
  expect(found.status).toBeLessThan(500);
});

test('no path leads out of what is served', async () => {
  const headers = ['Authorization: Bearer device'];
  const found = await Promise.all(traversals.map((path) => served.ask({ path, headers })));
  const wrong = found.filter(({ status, body }) => {
    const { code } = JSON.parse(body);
    return !(status === 404 && code === 'NOT_FOUND') && !(status === 400 && code === 'INVALID_REQUEST');
  });
  expect([found.length, wrong]).toEqual([traversals.length, []]);
});

test('every code that malformed input brought is one its route documents', () => {
  const undocumented = served.lines
    .map((line) => JSON.parse(line) as { route: string; method: string; code?: FailureCode })
    .filter(({ code }) => code !== undefined && !beforeRoutes.includes(code))
    .filter(({ route, method, code }) => {
      const found = routes.find((one) => one.path === route && one.method.toUpperCase() === method);
      return !found || !codesOf(found).includes(code as FailureCode);
    });
  expect(undocumented).toEqual([]);
});

test('a refused method hears which ones there are', async () => {
  const asking = { method: 'DELETE', path: `/v1/records/${'a'.repeat(26)}/content` };
  expect((await served.ask(asking)).headers['allow']).toBe('PUT, GET');
});

test('no malformed request stored anything or stopped the gateway', async () => {
  expect(served.gateway.uploads).toBe(0);
  expect((await served.ask({ path: '/health/ready' })).status).toBe(200);
});
