import { createHash } from 'node:crypto';
import { metricsApp } from '../../gateway/src/http/metrics-app.ts';
import { routes } from '../../gateway/src/http/routes/index.ts';
import { listen } from '../../gateway/src/http/serve.ts';
import { patient, record } from './support/memory-gateway.ts';
import { exchange, type Served, serve } from './support/served.ts';

let served: Served;
beforeAll(async () => {
  served = await serve({ appOrigins: ['https://app.example'] });
});
afterAll(() => served.stop());

const canary = createHash('sha256').update('canary').digest('base64url');

async function metricsPage(): Promise<string> {
  const page = await listen(
    metricsApp(served.settings.metrics, served.settings),
    { host: '127.0.0.1', port: 0 },
    served.settings,
  );
  const { body } = await exchange(page.port, 'GET /metrics HTTP/1.1\r\nConnection: close\r\n\r\n');
  await page.stop();
  return body;
}

test('nothing a client chose, no token and no patient stands in a log, a metric or a problem', async () => {
  const asking = {
    headers: [`Authorization: Bearer ${canary}`, `X-Canary: ${canary}`, `User-Agent: ${canary}`],
  };
  const device = ['Authorization: Bearer device', `Idempotency-Key: ${canary}`];
  const answers = [
    await served.ask({ ...asking, path: `/v1/${canary}?${canary}=${canary}` }),
    await served.ask({ ...asking, path: `/v1/records/${canary}` }),
    await served.ask({ ...asking, path: `/v1/patients/${canary}/records` }),
    await served.ask({ headers: device, path: `/v1/organisations?${canary}=1` }),
    await served.ask({
      headers: [...device, `Purpose-Of-Use: ${canary}`],
      path: `/v1/records/${record}/content`,
    }),
    await served.ask({
      headers: device,
      method: 'POST',
      path: `/v1/records?patient=${patient}`,
      body: canary,
    }),
    await served.ask({
      method: 'POST',
      path: '/v1/statements',
      headers: ['Content-Type: application/jose'],
      body: `${canary}.${canary}`,
    }),
  ];
  served.gateway.fails = new Error(canary);
  answers.push(await served.ask({ headers: device, path: `/v1/records/${record}` }));
  expect(answers.map(({ body }) => body).join('')).not.toContain(canary);
  const log = served.lines.join('');
  expect(log).not.toContain(canary);
  expect(log).not.toContain(patient);
  expect(log).not.toContain(record);
  expect(await metricsPage()).not.toMatch(new RegExp(`${canary}|${patient}|${record}`));
});

test('one line says what became of one request, by its route’s template', async () => {
  const before = served.lines.length;
  const path = `/v1/patients/${'A'.repeat(43)}/grants`;
  await served.ask({ path, headers: ['Authorization: Bearer device'] });
  while (served.lines.length === before) await new Promise((resolve) => setTimeout(resolve, 5));
  expect(served.lines).toHaveLength(before + 1);
  expect(JSON.parse(served.lines.at(-1) ?? '')).toMatchObject({
    route: '/v1/patients/{patient}/grants',
    method: 'GET',
    status: 403,
    code: 'NOT_YOURS',
    caller: 'device',
    organisation: 'RiversideMSP',
  });
});

test('the metrics page tells requests by route, and stages that other rooms observe', async () => {
  served.settings.metrics.stage('commit', 0.02);
  served.settings.metrics.clock('queue')();
  served.settings.metrics.group({ items: 3, resubmitted: 2, transactions: 1 });
  const page = await metricsPage();
  expect(page).toContain('route="/v1/patients/{patient}/grants",method="GET",status="403"');
  expect(page).toContain('chartkey_stage_seconds_count{stage="commit"} 1');
  expect(page).toContain('chartkey_stage_seconds_count{stage="queue"} 1');
  expect(page).toContain('chartkey_access_items_total 3');
  expect(page).toContain('chartkey_access_resubmitted_total 2');
});

test('a listed origin may call and read what it needs, another hears nothing', async () => {
  const path = `/v1/records/${record}/content`;
  const preflight = (origin: string) =>
    served.ask({
      method: 'OPTIONS',
      path,
      headers: [`Origin: ${origin}`, 'Access-Control-Request-Method: GET'],
    });
  const allowed = await preflight('https://app.example');
  expect(allowed.status).toBe(204);
  expect(allowed.headers).toMatchObject({
    'access-control-allow-origin': 'https://app.example',
    'access-control-allow-methods': 'GET, POST, PUT, DELETE',
    vary: 'Origin',
  });
  const named = routes.flatMap((route) => Object.keys(route.headers?.shape ?? {}));
  const mayBeSent = String(allowed.headers['access-control-allow-headers']).split(', ');
  expect(mayBeSent).toEqual(expect.arrayContaining(['Authorization', 'Content-Type', ...named]));
  const foreign = await preflight('https://evil.example');
  expect([foreign.status, foreign.headers['access-control-allow-origin']]).toEqual([405, undefined]);
  const headers = ['Authorization: Bearer device', 'Origin: https://app.example'];
  expect((await served.ask({ path, headers })).headers['access-control-expose-headers']).toContain(
    'Access-Id',
  );
});

test('without listed origins nobody hears of any', async () => {
  const closed = await serve();
  const found = await closed.ask({ path: '/health/live', headers: ['Origin: https://app.example'] });
  expect(Object.keys(found.headers).filter((name) => name.startsWith('access-control'))).toEqual([]);
  await closed.stop();
});
