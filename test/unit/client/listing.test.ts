import { type Device, type ListedPage, makeKeys, UnexpectedAnswer } from '@chartkey/client';
import { ForeignGateway, json, problem } from './foreign-gateway.ts';

let foreign: ForeignGateway;
const patient = 'A'.repeat(43);
const path = `/v1/patients/${patient}/records`;
const access = `${'a'.repeat(64)}:0`;
const record = (at: number) => ({
  record: String.fromCharCode(97 + at).repeat(26),
  version: 1,
  custodian: 'RiversideMSP',
  committedAt: '2026-01-01T00:00:00.000Z',
});

beforeEach(async () => {
  foreign = await ForeignGateway.start();
  foreign.on('GET', path, (seen, response) => {
    const at = Number(seen.query.get('cursor') ?? 0);
    const next = at + 2 < 5 ? { next: String(at + 2) } : {};
    const items = [record(at), record(at + 1)].slice(0, 5 - at);
    json(response, 200, { items, ...next }, { 'Access-Id': access });
  });
});
afterEach(() => foreign.stop());

const ehr = async (): Promise<Device> => {
  const { sig } = await makeKeys();
  return (await foreign.connect()).device(sig, {
    practitioner: 'p'.repeat(26),
    role: 'physician',
    purposes: ['TREAT', 'HOPERAT'],
  });
};

test('a list is read over all its pages, each fetched when it is needed', async () => {
  const found: string[] = [];
  for await (const one of (await ehr()).recordsOf(patient, { purpose: 'TREAT' })) found.push(one.record);
  expect(found).toEqual([0, 1, 2, 3, 4].map((at) => record(at).record));
  expect(foreign.times(path)).toBe(3);
  const asked = foreign.seen.filter((one) => one.path === path);
  expect(asked.every((one) => one.headers['purpose-of-use'] === 'TREAT')).toBe(true);
});

test('who stops early does not ask for the rest', async () => {
  expect(await (await ehr()).recordsOf(patient).first(2)).toHaveLength(2);
  expect(foreign.times(path)).toBe(1);
});

test('pages tell the access of a device’s look, and a cursor to go on from', async () => {
  const listing = (await ehr()).recordsOf(patient);
  const first = (await listing.pages().next()).value as ListedPage<unknown>;
  expect(first).toMatchObject({ access, next: '2' });
  const rest: unknown[] = [];
  for await (const page of listing.pages(first.next)) rest.push(...page.items);
  expect(rest).toHaveLength(3);
});

test('a list that does not move on is not read for ever', async () => {
  foreign.on('GET', path, (_seen, response) => json(response, 200, { items: [record(0)], next: 'same' }));
  await expect((await ehr()).recordsOf(patient).first(100)).rejects.toThrow(UnexpectedAnswer);
});

test('a list that is refused throws when it is read, with the access', async () => {
  foreign.on('GET', path, (_seen, response) => problem(response, 403, 'NO_GRANT', { access }));
  const listing = (await ehr()).recordsOf(patient);
  await expect(listing.first(1)).rejects.toMatchObject({ code: 'NO_GRANT', access });
});

test('a regulator’s question goes out as its filter, without what was left open', async () => {
  foreign.on('GET', '/v1/audit/accesses', (_seen, response) => json(response, 200, { items: [] }));
  const { sig } = await makeKeys();
  const acting = { practitioner: 'p'.repeat(26), role: 'auditor' as const, purposes: ['PUBHLTH' as const] };
  const regulator = (await foreign.connect()).regulator(sig, acting);
  const filter = { patient, decision: 'denied' as const, from: '2026-01-01T00:00:00.000Z', to: undefined };
  expect(await regulator.auditAccesses(filter).first(1)).toEqual([]);
  const asked = foreign.seen.at(-1);
  expect(Object.fromEntries(asked?.query ?? [])).toEqual({ patient, decision: 'denied', from: filter.from });
});
