import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Failure, type FailureCode, failures, Refused } from '@chartkey/vocabulary';
import { openApiText } from '../../gateway/src/http/openapi.ts';
import { headersOf, problemOf } from '../../gateway/src/http/problem.ts';
import { routes } from '../../gateway/src/http/routes/index.ts';
import { access } from './support/memory-gateway.ts';
import { type Served, serve } from './support/served.ts';

/** The text of a golden file; `GOLDEN=write` makes it what it is now, for a change that is meant. */
function golden(name: string, now: string): string {
  const file = join(__dirname, '../golden/http', name);
  if (process.env['GOLDEN'] === 'write') writeFileSync(file, now);
  return readFileSync(file, 'utf8');
}

let served: Served;
beforeAll(async () => {
  served = await serve();
});
afterAll(() => served.stop());

test('every failure is the problem document that clients rely on', () => {
  const documents = Object.keys(failures).map((code) => {
    const failure = new Failure(code as FailureCode);
    return { headers: headersOf(failure), ...problemOf(failure) };
  });
  const now = `${JSON.stringify(documents, null, 2)}\n`;
  expect(now).toBe(golden('problems.json', now));
});

test('a failure’s ids become members, and never take the place of its own', () => {
  const failure = new Refused('NO_GRANT', access, { custodian: 'LakesideMSP', expected: '7', status: 'x' });
  expect(problemOf(failure)).toMatchObject({ access, custodian: 'LakesideMSP', expected: 7, status: 403 });
});

test('the OpenAPI document is the one that clients rely on', () => {
  const now = openApiText(routes);
  expect(now).toBe(golden('openapi.json', now));
});

test('every route of the app is in the document, and the other way round', async () => {
  const { body } = await served.ask({ path: '/openapi.json' });
  const document = JSON.parse(body) as { paths: Record<string, Record<string, unknown>> };
  const described = Object.keys(document.paths).map((path) => path.replaceAll(/\{(\w+)\}/g, ':$1'));
  const layers = served.app.router.stack.flatMap(({ route }) => (route ? [route.path] : []));
  expect(described.sort()).toEqual([...layers].sort());
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method} ${path}`),
  );
  expect(operations.sort()).toEqual(routes.map(({ method, path }) => `${method} ${path}`).sort());
});

test('every operation of the document has a name of its own, an answer and its refusals', async () => {
  const { body } = await served.ask({ path: '/openapi.json' });
  const document = JSON.parse(body) as {
    paths: Record<string, Record<string, { operationId: string; responses: Record<string, unknown> }>>;
  };
  const operations = Object.values(document.paths).flatMap((path) => Object.values(path));
  expect(new Set(operations.map(({ operationId }) => operationId)).size).toBe(routes.length);
  for (const { responses } of operations)
    expect(Object.keys(responses)).toEqual(expect.arrayContaining(['400', '429', '500']));
});

test('the document that a gateway serves names its network and ledger', async () => {
  const document = JSON.parse((await served.ask({ path: '/openapi.json' })).body);
  const { network } = served.gateway;
  expect(document.info).toMatchObject({ 'x-chartkey-ledger': 'embedded', 'x-chartkey-network': network });
  expect(document.servers).toEqual([{ url: 'http://127.0.0.1:7001' }]);
});
