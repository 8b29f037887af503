import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { readCompose } from './compose.ts';
import { ComposeRun } from './compose-run.ts';
import { standIns } from './stand-ins.ts';

const root = join(__dirname, '..', '..');
const work = process.env['CONTAINERS_WORK']!;
const file = readCompose(join(root, 'docker-compose.yaml'));
let run: ComposeRun;

afterAll(() => run?.stop(), 60_000);
beforeAll(async () => {
  run = new ComposeRun(file, work, await standIns(process.env['CONTAINERS_IMAGES']!, work));
});

test('every service of the profile gets healthy, and the setup ends well', async () => {
  const names = run.ofProfile('consortium');
  await run.up(names);
  const gateways = names.filter((name) => name.startsWith('gateway-'));
  expect(gateways).toHaveLength(4);
  await Promise.all(gateways.map((name) => run.healthy(name)));
}, 300_000);

test('the demo tells the main job to its end', async () => {
  await run.completed('demo');
  expect(readFileSync(run.log('demo'), 'utf8')).toMatch(/The patient takes the permission back/);
}, 120_000);

test('sealed payloads lie in the hospital’s own store, and the index in PostgreSQL', () => {
  const stored = readdirSync(join(run.volume('store-riverside'), 'data', 'riverside'), { recursive: true });
  expect(stored.length).toBeGreaterThan(5);
  const own = join(run.volume('gateway-riverside'), 'organisations', 'RiversideMSP');
  expect(readdirSync(own)).toEqual(expect.not.arrayContaining(['vault', 'index']));
});

test('the setup may be run again: every key stays, and nothing is made anew', async () => {
  const before = digests();
  run.again();
  await run.completed('network');
  expect(digests()).toEqual(before);
  expect(before.size).toBeGreaterThan(100);
}, 120_000);

/** SHA-256 of whatever the setup made, by its path, without what services write themselves. */
function digests(): Map<string, string> {
  const made = /\/(setup|[a-z]+-[a-z]+-keys|chaincode-[a-z]+)\/|\/(msp|tls|config)\//;
  const paths = readdirSync(join(work, 'volumes'), { recursive: true, encoding: 'utf8' });
  const files = paths.filter(
    (path) => made.test(`/${path}`) && statSync(join(work, 'volumes', path)).isFile(),
  );
  return new Map(
    files.map((path) => [
      path,
      createHash('sha256')
        .update(readFileSync(join(work, 'volumes', path)))
        .digest('hex'),
    ]),
  );
}
