import { createHash } from 'node:crypto';
import { ledgerKind, sharedConsortium } from '../support/consortium.ts';
import { samples } from '../support/samples.ts';
import * as client from './independent-client.ts';

type Json = Record<string, never> & { items: Json[]; [member: string]: unknown };
const { credentials } = sharedConsortium();
const organisation = (id: string) => credentials.organisations.find((one) => one.id === id)!;
const [river, lake, regulator, insurer] = ['RiversideMSP', 'LakesideMSP', 'RegulatorMSP', 'InsurerMSP'].map(
  organisation,
) as [
  ReturnType<typeof organisation>,
  ReturnType<typeof organisation>,
  ReturnType<typeof organisation>,
  ReturnType<typeof organisation>,
];
const { network } = credentials;
const jsonOf = async (answer: Response) => (await answer.json()) as Json;
const tokenOf = (one: typeof river, role = 'physician', purposes = ['TREAT']) =>
  client.token(one.tokenUrl, client.keyFrom(one.ehr.sig), { organisation: one.id, role, purposes });

const patientKey = client.makeKey();
const patient = patientKey.id;
let riverToken: string;
let lakeToken: string;
let patientToken: string;

beforeAll(async () => {
  [riverToken, lakeToken] = await Promise.all([tokenOf(river), tokenOf(lake)]);
  const enrolment = client.statement(network, patientKey, patient, {
    act: 'enrolPatient',
    seq: 1,
    sig: patientKey.publicJwk,
    enc: client.makeKey().publicJwk,
    recorder: river.id,
  });
  expect((await client.sendStatement(river.url, enrolment)).status).toBe(401);
  const answer = await client.sendStatement(river.url, enrolment, riverToken);
  expect(answer.status).toBe(201);
  const body = await jsonOf(answer);
  expect(body).toEqual({
    act: 'enrolPatient',
    id: client.statementId(enrolment),
    transaction: expect.stringMatching(/^[0-9a-f]{64}$/),
    block: expect.any(Number),
    committedAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
    receipt: expect.stringMatching(/^[\w-]+\.[\w-]+\.[\w-]+$/),
  });
  patientToken = await client.token(river.tokenUrl, patientKey);
  const again = await client.sendStatement(lake.url, enrolment, lakeToken);
  expect([again.status, await jsonOf(again)]).toEqual([200, { ...body, receipt: expect.any(String) }]);
});

test('every gateway says which network it is of, and the document hashes to its id', async () => {
  for (const { url, id } of [river, lake, regulator, insurer]) {
    const answer = await fetch(`${url}/.well-known/chartkey`);
    const found = await jsonOf(answer);
    expect(found).toMatchObject({ network, ledger: ledgerKind, organisation: id });
    const hash = createHash('sha256').update(client.canonical(found['genesis'])).digest('base64url');
    expect(`demo-${hash}`).toBe(network);
    expect(answer.headers.get('Chartkey-Ledger')).toBe(ledgerKind);
  }
});

describe.each(samples().map((sample) => [sample.name, sample] as const))('%s', (_name, sample) => {
  test('is stored, refused, granted, read byte for byte, revoked and refused again', async () => {
    const stored = await client.upload(river.url, riverToken, patient, sample.bytes, sample.mediaType);
    const { record, version, custodian } = await jsonOf(stored);
    expect([stored.status, version, custodian]).toEqual([201, 1, river.id]);
    expect(stored.headers.get('Location')).toContain(String(record));
    const content = `${lake.url}/v1/records/${record}/content`;

    let refused = await client.get(content, lakeToken);
    // Lakeside's peer takes blocks in at its own pace, as docs/wire.md says.
    for (let tries = 0; tries < 100 && refused.status === 404; tries += 1) {
      refused = await client.get(content, lakeToken);
    }
    expect(refused.status).toBe(403);
    expect(refused.headers.get('Content-Type')).toContain('application/problem+json');
    expect(await jsonOf(refused)).toMatchObject({
      status: 403,
      code: 'NO_GRANT',
      access: expect.any(String),
    });

    const { nextSeq } = await jsonOf(await client.get(`${river.url}/v1/patients/${patient}`, patientToken));
    const grant = client.statement(network, patientKey, patient, {
      act: 'grantConsent',
      seq: nextSeq,
      grantee: { organisation: lake.id },
      scope: { records: [record] },
      actions: ['read'],
      purposes: ['TREAT'],
    });
    expect((await client.sendStatement(lake.url, grant)).status).toBe(201);

    const read = await client.get(content, lakeToken);
    expect(read.status).toBe(200);
    const bytes = Buffer.from(await read.arrayBuffer());
    expect(bytes.equals(sample.bytes)).toBe(true);
    expect(Object.fromEntries(read.headers)).toMatchObject({
      'content-type': sample.mediaType,
      etag: '"1"',
      'repr-digest': client.digestHeader(sample.bytes),
      'x-content-type-options': 'nosniff',
      'content-disposition': 'attachment',
      'access-id': expect.stringMatching(/^[0-9a-f]{64}:\d+$/),
    });

    const part = await client.get(content, lakeToken, { Range: 'bytes=10-99' });
    expect(part.status).toBe(206);
    expect(part.headers.get('Content-Range')).toBe(
      `bytes 10-${Math.min(99, bytes.length - 1)}/${bytes.length}`,
    );
    expect(Buffer.from(await part.arrayBuffer()).equals(bytes.subarray(10, 100))).toBe(true);

    const revoke = client.statement(network, patientKey, patient, {
      act: 'revokeConsent',
      grant: client.statementId(grant),
    });
    expect((await client.sendStatement(river.url, revoke)).status).toBe(201);
    expect((await client.get(content, lakeToken)).status).toBe(403);
  });
});

test('the patient lists every look, and the regulator sees the same', async () => {
  const regulatorToken = await tokenOf(regulator, 'auditor', ['HOPERAT']);
  const all = async (url: string, bearer: string) => {
    const items: Json[] = [];
    for (let cursor = ''; ; ) {
      const answer = await client.get(`${url}${cursor && `?cursor=${encodeURIComponent(cursor)}`}`, bearer);
      expect(answer.status).toBe(200);
      const page = await jsonOf(answer);
      items.push(...page.items);
      if (page['next'] === undefined) return items;
      cursor = String(page['next']);
    }
  };
  const expected = samples().length * 4;
  let seen: Json[] = [];
  for (let tries = 0; tries < 100 && seen.length < expected; tries += 1) {
    seen = await all(`${river.url}/v1/patients/${patient}/accesses`, patientToken);
  }
  expect(seen).toHaveLength(expected);
  const outcomes = seen.map(({ decision }) => decision as unknown as string);
  expect(outcomes.filter((one) => one === 'denied')).toHaveLength(samples().length * 2);
  const audited = await all(`${regulator.url}/v1/patients/${patient}/accesses`, regulatorToken);
  expect(audited).toEqual(seen);
  // That the regulator asked is on the ledger, and in no list.
  expect(await all(`${river.url}/v1/patients/${patient}/accesses`, patientToken)).toEqual(seen);
  expect(await all(`${regulator.url}/v1/patients/${patient}/accesses`, regulatorToken)).toEqual(seen);
});

test('a regulator is whom the genesis document calls one, whatever its session says; its search has filters', async () => {
  const search = (one: typeof river, token: string, filters: string) =>
    client.get(`${one.url}/v1/audit/accesses?patient=${patient}&${filters}`, token);
  const nurse = await tokenOf(regulator, 'nurse');
  const items: { decision: string; organisation: string; time: string }[] = [];
  for (let cursor: string | undefined = ''; cursor !== undefined; ) {
    const filters = `decision=denied&organisation=${lake.id}${cursor && `&cursor=${encodeURIComponent(cursor)}`}`;
    const page = await jsonOf(await search(regulator, nurse, filters));
    items.push(...(page['items'] as unknown as typeof items));
    cursor = page['next'] as string | undefined;
  }
  expect(items.map(({ decision, organisation }) => [decision, organisation])).toEqual(
    Array(samples().length * 2).fill(['denied', lake.id]),
  );
  const { time } = items[0]!;
  const then = (
    await jsonOf(await search(regulator, await tokenOf(regulator, 'auditor'), `from=${time}&to=${time}`))
  ).items;
  expect(then).toContainEqual(items[0]);
  const refused = await search(lake, await tokenOf(lake, 'auditor'), 'decision=denied');
  expect([refused.status, (await jsonOf(refused))['code']]).toEqual([403, 'REGULATORS_ONLY']);
});
