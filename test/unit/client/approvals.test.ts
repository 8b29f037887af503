import { canonicalJson, makeKeys, type Patient, WrongRequest } from '@chartkey/client';
import { statementIdOf } from '../../support/signing.ts';
import { ForeignGateway, json, sha256 } from './foreign-gateway.ts';

let foreign: ForeignGateway;
let patient: Patient;
const id = (letter: string) => letter.repeat(42).concat('A');
const time = '2026-01-01T00:00:00.000Z';
const subject = {
  kind: 'access' as const,
  patient: id('p'),
  record: 'r'.repeat(26),
  rule: id('r'),
  organisation: 'LakesideMSP',
  purpose: 'TREAT' as const,
  asked: 'a'.repeat(64),
  openedAt: time,
};
const request = sha256(canonicalJson(subject)).digest('base64url');

beforeEach(async () => {
  foreign = await ForeignGateway.start();
  const keys = await makeKeys();
  patient = (await foreign.connect()).patient(keys);
  const facts = { patient: keys.sig.id, nextSeq: 5, enrolledBy: 'RiversideMSP', enrolledAt: time };
  foreign.on('GET', `/v1/patients/${keys.sig.id}`, (_seen, response) => json(response, 200, facts));
  foreign.on('POST', '/v1/statements', (seen, response) => {
    const stood = { transaction: 'b'.repeat(64), block: 1, committedAt: time };
    json(response, 201, { act: 'approve', id: statementIdOf(String(seen.body)), ...stood });
  });
});
afterEach(() => foreign.stop());

const signed = () =>
  foreign.seen
    .filter(({ path }) => path === '/v1/statements')
    .map(({ body }) => JSON.parse(Buffer.from(String(body).split('.')[1] ?? '', 'base64url').toString()));

test('an approval names the fingerprint of what was shown', async () => {
  await patient.approve({ request, subject });
  await patient.refuse({ request, subject }, 'too-broad', { inPlaceOf: id('p') });
  expect(signed()).toMatchObject([
    { act: 'approve', request, seq: 5 },
    { act: 'refuse', request, seq: 6, reason: 'too-broad', patient: id('p') },
  ]);
});

test.each([
  ['another record', { record: 's'.repeat(26) }],
  ['another organisation', { organisation: 'InsurerMSP' }],
  ['another purpose', { purpose: 'HRESCH' as const }],
  ['another time', { openedAt: '2026-01-01T00:00:00.001Z' }],
])('a gateway that shows %s than the fingerprint’s gets no signature', async (_what, change) => {
  const shown = { request, subject: { ...subject, ...change } };
  await expect(patient.approve(shown)).rejects.toBeInstanceOf(WrongRequest);
  await expect(patient.refuse(shown, 'not-now')).rejects.toBeInstanceOf(WrongRequest);
  expect(signed()).toEqual([]);
});
