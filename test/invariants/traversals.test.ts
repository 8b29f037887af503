import { randomBytes } from 'node:crypto';
import { readdirSync, statSync } from 'node:fs';
import { request } from 'node:http';
import { dirname, join } from 'node:path';
import { Chance } from '../support/chance.ts';
import { sharedConsortium } from '../support/consortium.ts';
import { cast } from '../support/rest-actors.ts';
import { seed, share } from '../support/share.ts';

const { credentials, dataDir } = sharedConsortium();
const { river, network } = cast(credentials);
const mark = `escaped${randomBytes(6).toString('hex')}`;

const steps = [
  '..',
  '%2e%2e',
  '..%2f',
  '%2e%2e%2f',
  '..%5c',
  '..%255c',
  '%c0%ae%c0%ae',
  '..;',
  '....//',
  '.%00.',
  '..%00',
];
const slashes = ['/', '%2f', '%5c', '//', '%252f', '/./'];
const targets = [
  'etc/passwd',
  'genesis.json',
  'demo/credentials.json',
  'keys/gateway-device.json',
  'retry.key',
  mark,
];
const fixed = [
  'file:///etc/passwd',
  '/etc/passwd',
  '%2fetc%2fpasswd',
  'C:%5cwindows%5cwin.ini',
  '%5c%5chost%5cshare',
  'CON',
  'a'.repeat(26).replace('aa', '..'),
  `${'a'.repeat(26)}%00`,
  `${'a'.repeat(26)}%2f..%2f..`,
  `${'A'.repeat(26)}`,
  '%20',
  '.',
  '~',
  '~root',
  '%24%7bHOME%7d',
];

/** An id that would climb out of a folder if anybody let it. */
function climbing(chance: Chance): string {
  if (chance.below(4) === 0) return chance.of(fixed);
  const parts = Array.from({ length: 1 + chance.below(9) }, () => chance.of(steps));
  return [...parts, chance.of(targets)].join(chance.of(slashes));
}

type Line = [method: string, path: (id: string) => string];
const lines: Line[] = [
  ['GET', (id) => `/v1/records/${id}`],
  ['GET', (id) => `/v1/records/${id}/content`],
  ['PUT', (id) => `/v1/records/${id}/content`],
  ['POST', (id) => `/v1/records?patient=${id}`],
  ['GET', (id) => `/v1/patients/${id}/records`],
  ['GET', (id) => `/v1/organisations/${id}/devices`],
  ['GET', (id) => `/v1/organisations/RiversideMSP/devices/${id}`],
  ['GET', (id) => `/v1/releases/${id}/sealed`],
  ['GET', (id) => `/docs/${id}`],
  ['GET', (id) => `/${id}`],
];

/** As it stands: fetch would tidy the path up. */
async function sendRaw(method: string, path: string): Promise<{ status: number; body: string }> {
  const token = await river.token();
  return new Promise((done, fail) => {
    const { hostname, port } = new URL(river.url);
    const headers = {
      Authorization: `Bearer ${token}`,
      'Content-Type': 'application/octet-stream',
      'Idempotency-Key': mark,
      'If-Match': '"1"',
    };
    const sent = request({ hostname, port, method, path, headers, agent: false }, (answer) => {
      let body = '';
      answer.setEncoding('utf8').on('data', (part: string) => {
        body += part;
      });
      answer.on('end', () => done({ status: answer.statusCode ?? 0, body }));
    });
    sent.on('error', fail);
    sent.end(method === 'GET' ? undefined : 'x');
  });
}

const escaped = () => {
  const below = readdirSync(dataDir, { recursive: true, encoding: 'utf8' });
  const beside = readdirSync(dirname(dataDir));
  return [...below, ...beside].filter((name) => name.includes(mark));
};

test(
  'an id that climbs out of a folder is refused, reads nothing and writes nothing',
  async () => {
    const chance = new Chance(seed);
    for (let round = 0; round < share(1_000, 50); round += 1) {
      const [method, path] = lines[round % lines.length]!;
      const id = climbing(chance);
      const { status, body } = await sendRaw(method, path(id));
      expect([id, status >= 400 && status < 500]).toEqual([id, true]);
      expect(body).not.toMatch(/root:|"d":|chartkey-genesis\/1/);
      expect(body).not.toContain(network);
    }
    expect(escaped()).toEqual([]);
    expect(statSync(join(dataDir, 'genesis.json')).isFile()).toBe(true);
  },
  share(600_000, 60_000),
);
