import { randomBytes } from 'node:crypto';
import { thumbprint } from '@chartkey/vocabulary';
import { knownEverywhere } from '../support/chain-order.ts';
import { sharedConsortium } from '../support/consortium.ts';
import { connectAs } from '../support/ledger-actor.ts';
import { cast } from '../support/rest-actors.ts';
import { type Answer, ask } from '../support/rest-answers.ts';
import { type RestPatient } from '../support/rest-patient.ts';
import { WebhookReceiver } from '../support/webhook-receiver.ts';

const people = cast(sharedConsortium().credentials);
const { river, lake, regulator, insurer } = people;
const lakes = sharedConsortium().credentials.organisations.find(({ id }) => id === 'LakesideMSP')!;
const physician = thumbprint(lakes.practitioners[0]!.key);
const content = Buffer.concat([Buffer.from('very-private-words'), randomBytes(64)]);
/** what no stranger may read in an answer: ids and words of another's that its request did not name */
let secrets: string[];
let own: { patient: RestPatient; record: string };
let other: RestPatient;
/** a webhook of the patient's at Riverside's gateway, and who receives */
let hook: string;
let receiver: WebhookReceiver;

beforeAll(async () => {
  const patient = await people.patient();
  other = await people.patient();
  const record = await people.record(patient, content);
  const grant = await patient.grant('HilltopMSP');
  const anchor = await river.ask(`/v1/records/${record}`);
  const [version] = anchor.json['versions'] as { commitment: string; transaction: string }[];
  own = { patient, record };
  receiver = await WebhookReceiver.start();
  const made = await patient.ask('/v1/webhooks', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ url: receiver.url('/very-private-words'), kinds: ['revoked'] }),
  });
  hook = String(made.json['webhook']);
  secrets = [patient.id, record, grant, version!.commitment, version!.transaction, 'very-private-words'];
});

afterAll(() => receiver.stop());

type Send = (path: string, init?: RequestInit) => Promise<Answer>;
/** Everybody who may try, each through the gateway that is its own. */
const actors: Record<string, Send> = {
  'the custodian': (path, init) => river.ask(path, init),
  'another hospital': (path, init) => lake.ask(path, init),
  'the regulator': (path, init) => regulator.ask(path, init),
  'a third party': (path, init) => insurer.ask(path, init),
  'the patient': (path, init) => own.patient.ask(path, init),
  'another patient': (path, init) => other.ask(path, init),
  nobody: (path, init) => ask(`${river.url}${path}`, init),
  'a made-up token': (path, init) => river.ask(path, { ...init, headers: bearer(randomBytes(32)) }),
  'a token of another gateway': async (path, init) =>
    lake.ask(path, {
      ...init,
      headers: { ...(init?.headers as object), ...bearerText(await river.token()) },
    }),
};
const bearerText = (token: string) => ({ Authorization: `Bearer ${token}` });
const bearer = (bytes: Buffer) => bearerText(bytes.toString('base64url'));
const names = Object.keys(actors);

const octets = (more: object = {}): RequestInit => ({
  headers: { 'Content-Type': 'application/octet-stream', 'Idempotency-Key': 'a-key', ...more },
  body: 'x',
});
const noToken = ['401 TOKEN_REQUIRED', '401 TOKEN_INVALID', '401 TOKEN_INVALID'];
const noProof = Array(9).fill('401 RELEASE_PROOF_INVALID');
const release = { method: 'POST', headers: { 'Content-Type': 'application/json' } };
const access = `${'0'.repeat(64)}:0`;

/** Each door, and what each actor finds there, in the order of `actors`; * has an entry on the ledger. */
const doors: [string, () => [string, RequestInit?], string[]][] = [
  [
    'a record’s anchor',
    () => [`/v1/records/${own.record}`],
    ['200', '403 NOT_YOURS', '200', '403 CARE_MEMBERS_ONLY', '200', '403 NOT_YOURS', ...noToken],
  ],
  [
    'its content',
    () => [`/v1/records/${own.record}/content`],
    [
      '200*',
      '403 NO_GRANT*',
      '403 KIND_NOT_ALLOWED*',
      '403 KIND_NOT_ALLOWED*',
      '403 END_TO_END_ONLY',
      '403 END_TO_END_ONLY',
      ...noToken,
    ],
  ],
  [
    'its next version',
    () => [`/v1/records/${own.record}/content`, { method: 'PUT', ...octets({ 'If-Match': '"7"' }) }],
    [
      '412 VERSION_CONFLICT',
      '409 NOT_CUSTODIAN',
      '403 KIND_NOT_ALLOWED',
      '403 KIND_NOT_ALLOWED',
      '403 DEVICES_ONLY',
      '403 DEVICES_ONLY',
      ...noToken,
    ],
  ],
  [
    'a new record of the patient’s',
    () => [`/v1/records?patient=${own.patient.id}`, { method: 'POST', ...octets() }],
    [
      '201',
      '403 NO_GRANT',
      '403 KIND_NOT_ALLOWED',
      '403 KIND_NOT_ALLOWED',
      '201',
      '403 NOT_A_DELEGATE',
      ...noToken,
    ],
  ],
  [
    'the patient',
    () => [`/v1/patients/${own.patient.id}`],
    ['200', '403 NOT_YOURS', '403 NOT_YOURS', '403 CARE_MEMBERS_ONLY', '200', '403 NOT_YOURS', ...noToken],
  ],
  [
    'the patient’s records',
    () => [`/v1/patients/${own.patient.id}/records`],
    [
      '200*',
      '403 NO_GRANT*',
      '403 KIND_NOT_ALLOWED*',
      '403 KIND_NOT_ALLOWED*',
      '200',
      '403 NOT_YOURS',
      ...noToken,
    ],
  ],
  ...['grants', 'accesses', 'denials', 'readers'].map((list): [string, () => [string], string[]] => [
    `the patient’s ${list}`,
    () => [`/v1/patients/${own.patient.id}/${list}${list === 'readers' ? `?record=${own.record}` : ''}`],
    ['403 NOT_YOURS', '403 NOT_YOURS', '200', '403 NOT_YOURS', '200', '403 NOT_YOURS', ...noToken],
  ]),
  [
    'who broke glass for the patient',
    () => [`/v1/patients/${own.patient.id}/break-glass`],
    ['403 NOT_YOURS', '403 NOT_YOURS', '200', '403 NOT_YOURS', '200', '403 NOT_YOURS', ...noToken],
  ],
  [
    'the patient’s emergency card',
    () => [`/v1/patients/${own.patient.id}/emergency-card`],
    [
      ...Array(3).fill('403 BREAK_GLASS_REQUIRED'),
      '403 CARE_MEMBERS_ONLY',
      '200',
      '403 NOT_YOURS',
      ...noToken,
    ],
  ],
  [
    'a broken glass that there is not',
    () => [`/v1/break-glass/${'A'.repeat(43)}`],
    [
      ...Array(3).fill('404 OPENING_UNKNOWN'),
      '403 CARE_MEMBERS_ONLY',
      ...Array(2).fill('404 OPENING_UNKNOWN'),
      ...noToken,
    ],
  ],
  [
    'what awaits a review at Lakeside',
    () => ['/v1/break-glass?organisation=LakesideMSP'],
    [
      '403 NOT_YOURS',
      '403 ROLE_NOT_ALLOWED',
      '200',
      '403 NOT_YOURS',
      '403 DEVICES_ONLY',
      '403 DEVICES_ONLY',
      ...noToken,
    ],
  ],
  [
    'the disputes',
    () => ['/v1/disputes'],
    [
      '403 REGULATORS_ONLY',
      '403 REGULATORS_ONLY',
      '200',
      ...Array(3).fill('403 REGULATORS_ONLY'),
      ...noToken,
    ],
  ],
  [
    'a practitioner’s key',
    () => [`/v1/practitioners/${physician}`],
    ['200', '200', '200', '403 CARE_MEMBERS_ONLY', '200', '200', ...noToken],
  ],
  [
    'the words about an emergency, to be kept',
    () => [
      `/v1/break-glass-reasons?patient=${own.patient.id}`,
      { ...release, body: JSON.stringify({ words: 'very-private-words' }) },
    ],
    ['201', '201', '201', '403 CARE_MEMBERS_ONLY', '403 DEVICES_ONLY', '403 DEVICES_ONLY', ...noToken],
  ],
  [
    'the patient’s events',
    () => [`/v1/patients/${own.patient.id}/events`],
    ['403 NOT_YOURS', '403 NOT_YOURS', '200', '403 NOT_YOURS', '200', '403 NOT_YOURS', ...noToken],
  ],
  [
    'an organisation’s events',
    () => ['/v1/events?after=999999999.0'],
    ['200', '200', '200', '404 NOT_SERVED_HERE', '403 DEVICES_ONLY', '403 DEVICES_ONLY', ...noToken],
  ],
  [
    'webhooks',
    () => ['/v1/webhooks'],
    ['200', '200', '200', '404 NOT_SERVED_HERE', '200', '200', ...noToken],
  ],
  [
    'a webhook of the patient’s',
    () => [`/v1/webhooks/${hook}`, { method: 'DELETE' }],
    [
      ...Array(3).fill('404 WEBHOOK_UNKNOWN'),
      '404 NOT_SERVED_HERE',
      '204',
      '404 WEBHOOK_UNKNOWN',
      ...noToken,
    ],
  ],
  [
    'the audit',
    () => [`/v1/audit/accesses?patient=${own.patient.id}`],
    [
      '403 REGULATORS_ONLY',
      '403 REGULATORS_ONLY',
      '200',
      '403 REGULATORS_ONLY',
      '403 REGULATORS_ONLY',
      '403 REGULATORS_ONLY',
      ...noToken,
    ],
  ],
  ['the members', () => ['/v1/organisations'], [...Array(6).fill('200'), ...noToken]],
  ['a member', () => ['/v1/organisations/LakesideMSP'], [...Array(6).fill('200'), ...noToken]],
  ['its devices', () => ['/v1/organisations/LakesideMSP/devices'], [...Array(6).fill('200'), ...noToken]],
  [
    'one of them, with its approval',
    () => [`/v1/organisations/LakesideMSP/devices/${lake.id}`],
    ['200', '200', '200', '404 NOT_SERVED_HERE', '200', '200', ...noToken],
  ],
  [
    'an offer',
    () => ['/v1/offers', { ...release, body: JSON.stringify({ offer: 'a.b.c' }) }],
    [
      ...Array(2).fill('400 OFFER_INVALID'),
      ...Array(2).fill('403 KIND_NOT_ALLOWED'),
      ...Array(2).fill('403 DEVICES_ONLY'),
      ...noToken,
    ],
  ],
  ['a release', () => ['/v1/releases', { ...release, body: JSON.stringify({ access }) }], noProof],
  ['sealed bytes', () => [`/v1/releases/${access}/sealed`], noProof],
];

test.each(doors)(
  '%s opens for exactly those it is for, and says nothing to the others',
  async (_what, door, table) => {
    const [path, init] = door();
    for (const [at, name] of names.entries()) {
      const answer = await actors[name]!(path, init);
      const { status, code } = answer;
      const said = `${status}${code && ` ${code}`}${answer.access && '*'}`;
      expect([name, said]).toEqual([name, table[at]]);
      if (status < 400) continue;
      const body = answer.bytes.toString();
      for (const secret of secrets) {
        if (!path.includes(secret)) expect(body).not.toContain(secret);
      }
      expect(body).not.toContain('very-private-words');
    }
  },
);

test('each refusal with an entry can be resolved by the patient and the regulator, and by no third party', async () => {
  const { access: refused } = await lake.read(own.record);
  await knownEverywhere(String(refused).slice(0, 64));
  const ids = (items: Record<string, unknown>[]) => items.map((item) => item['access']);
  const path = `/v1/patients/${own.patient.id}/accesses`;
  expect(ids(await own.patient.pages(path))).toContain(refused);
  expect(ids(await regulator.pages(path))).toContain(refused);
  expect((await insurer.ask(path)).status).toBe(403);
});

test('a third party that asks the ledger itself for blocks gets none', async () => {
  const ledger = connectAs('InsurerMSP');
  const enough = new AbortController();
  const blocks = ledger.blocks(0, enough.signal)[Symbol.asyncIterator]();
  await expect(blocks.next()).rejects.toMatchObject({ code: 'CARE_MEMBERS_ONLY' });
  enough.abort();
  ledger.close();
});
