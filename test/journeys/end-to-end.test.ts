import { connect, importKeys } from '@chartkey/client';
import type { LedgerPatient } from '../support/ledger-actor.ts';
import { SdkOrganisation } from '../support/sdk-cast.ts';
import { signJson, testKey } from '../support/signing.ts';
import { eventually, type Json, jsonOf } from './cast.ts';
import * as client from './independent-client.ts';
import {
  boundDevice,
  bytesIn,
  cast,
  getSealed,
  personAt,
  postRead,
  randomBytesOf,
  requestBy,
  said,
  sessionAt,
} from './reading-cast.ts';
import { refused } from './refusal.ts';

const { river, lake, insurer, network } = cast;
const content = randomBytesOf(200_000);
let riverToken: string;
let patient: LedgerPatient;
let record: string;
beforeAll(async () => {
  riverToken = await cast.token(river);
  patient = await cast.patient(riverToken);
  record = await cast.record(riverToken, patient, content);
});
/** Where two peers may be a moment apart. */
const known = async (at: typeof river, person = patient, what = record) => {
  const token = await cast.patientToken(person, at);
  await eventually(async () => (await client.get(`${at.url}/v1/records/${what}`, token)).status === 200);
};
const looks = async (of = patient, at = river): Promise<Json[]> => {
  const token = await cast.patientToken(of, at);
  return eventually(async () => {
    const answer = await client.get(`${at.url}/v1/patients/${of.id}/accesses`, token);
    return answer.status === 200 && (await jsonOf(answer)).items;
  });
};

describe('a patient reads its own record', () => {
  test.each([0, 1, 65_480, 131_001])('at its custodian: %d bytes, byte for byte', async (length) => {
    const bytes = randomBytesOf(length);
    const own = await cast.patient(riverToken);
    const stored = await cast.record(riverToken, own, bytes);
    const read = await (await personAt(river, own)).readRecord(stored);
    expect(read).toMatchObject({ version: 1, mediaType: 'text/plain', length });
    expect((await bytesIn(read)).equals(bytes)).toBe(true);
    const [look] = await looks(own);
    expect(look).toMatchObject({ access: read.access, person: own.id, basis: 'patient', purpose: 'PATRQT' });
    expect(look).not.toHaveProperty('device');
  });

  test('through another hospital’s gateway, which a second one bears out', async () => {
    await known(lake);
    const read = await (await personAt(lake, patient)).readRecord(record, {
      second: await connect(river.url, { network }),
    });
    expect((await bytesIn(read)).equals(content)).toBe(true);
    const look = (await looks()).find(({ access }) => String(access) === read.access);
    expect(look).toMatchObject({ organisation: 'LakesideMSP', person: patient.id, decision: 'granted' });
  });

  test.each([
    [river.id, { first: 0, last: 0 }],
    [river.id, { first: 65_479, last: 65_481 }],
    [lake.id, { first: 70_000, last: 140_000 }],
    [lake.id, { first: 199_999 }],
  ])('in ranges at %s: %j', async (id, range) => {
    const at = id === river.id ? river : lake;
    await known(at);
    const read = await (await personAt(at, patient)).readRecord(record, { range });
    const last = 'last' in range ? range.last : content.length - 1;
    expect(read.part).toEqual({ first: range.first, last });
    expect((await bytesIn(read)).equals(content.subarray(range.first, last + 1))).toBe(true);
  });

  test('never through a gateway that would open it', async () => {
    const token = await cast.patientToken(patient);
    const answer = await client.get(`${river.url}/v1/records/${record}/content`, token);
    await refused(answer, 'END_TO_END_ONLY');
  });

  test('and none of an unknown id, nor at a gateway that keeps no records', async () => {
    const at = async (gateway: typeof river) => (await personAt(gateway, patient)).readRecord('a'.repeat(26));
    await expect(at(river)).rejects.toMatchObject({ code: 'RECORD_UNKNOWN', access: undefined });
    await expect(at(insurer)).rejects.toMatchObject({ code: 'NOT_SERVED_HERE' });
  });
});

describe('a signed request', () => {
  test('handed in again is the same access, and opens the same', async () => {
    const { token, session } = await sessionAt(river, patient.sig);
    const request = requestBy(patient.sig, { session, record, purpose: 'PATRQT' });
    const first = await postRead(river.url, token, request);
    const second = await postRead(river.url, token, request);
    expect([first.status, second.status]).toEqual([200, 200]);
    const [one, two] = [await jsonOf(first), await jsonOf(second)];
    expect(first.headers.get('Access-Id')).toBe(String(one['access']));
    expect(two['access']).toBe(one['access']);
    expect([two['sealedHeader'], two['leaves']]).toEqual([one['sealedHeader'], one['leaves']]);
    expect(await (await getSealed(river.url, token, String(one['access']))).arrayBuffer()).toHaveProperty(
      'byteLength',
      content.length + 40 + 4 * 16,
    );
  });

  test.each([river.id, lake.id])('belongs to its session, and so do its bytes: %s', async (id) => {
    const at = id === river.id ? river : lake;
    await known(at);
    const own = await sessionAt(at, patient.sig);
    const other = await sessionAt(at, patient.sig);
    const request = requestBy(patient.sig, { session: own.session, record, purpose: 'PATRQT' });
    await refused(await postRead(at.url, other.token, request), 'REQUEST_PROOF_INVALID');
    const { access } = await jsonOf(await postRead(at.url, own.token, request));
    await refused(await getSealed(at.url, other.token, String(access)), 'RELEASE_REFUSED');
    const stranger = await cast.patientToken(await cast.patient(riverToken), at);
    await refused(await getSealed(at.url, stranger, String(access)), 'RELEASE_REFUSED');
    const beyond = await getSealed(at.url, own.token, String(access), 'bytes=900000-');
    expect(beyond.headers.get('Content-Range')).toBe('bytes */200104');
    await refused(beyond, 'RANGE_NOT_SATISFIABLE');
    const part = await getSealed(at.url, own.token, String(access), 'bytes=-10');
    expect([part.status, part.headers.get('Content-Range')]).toEqual([206, 'bytes 200094-200103/200104']);
    expect(await part.arrayBuffer()).toHaveProperty('byteLength', 10);
  });

  test.each<[string, (claims: { session: string; record: string; purpose: 'PATRQT' }) => string]>([
    ['by another key', (asked) => requestBy(testKey(), asked)],
    ['for another network', (asked) => requestBy(patient.sig, asked, { aud: `demo-${'A'.repeat(43)}` })],
    ['that has ended', (asked) => requestBy(patient.sig, asked, { iat: 1_700_000_000, exp: 1_700_000_060 })],
    ['that is none', () => 'hello'],
  ])('%s is refused, and leaves no entry', async (_what, make) => {
    const { token, session } = await sessionAt(river, patient.sig);
    const answer = await postRead(river.url, token, make({ session, record, purpose: 'PATRQT' }));
    expect(await refused(answer, 'REQUEST_PROOF_INVALID')).not.toHaveProperty('access');
  });

  test.each(['{}', '{"request":1}', '{"request":"a","more":1}', 'null', '{"request":"a","request":"b"}'])(
    'in a body such as %s is no request',
    async (body) => {
      const { token } = await sessionAt(river, patient.sig);
      const headers = { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' };
      await refused(
        await fetch(`${river.url}/v1/reads`, { method: 'POST', headers, body }),
        'INVALID_REQUEST',
      );
    },
  );
});

describe('a delegate', () => {
  const named = async (powers: string[]) => {
    const [own, carer] = [await cast.patient(riverToken), await cast.patient(riverToken)];
    const stored = await cast.record(riverToken, own, 'a result');
    const words = { act: 'nameDelegate', seq: 2, person: carer.id, kind: 'carer', powers };
    const delegation = await said(own, words);
    return { own, carer, stored, delegation };
  };

  test('who may read reads for whom it acts, and the patient sees it', async () => {
    const { own, carer, stored } = await named(['read']);
    await known(lake, carer, stored);
    const second = await connect(lake.url, { network });
    const read = await (await personAt(river, carer)).readRecord(stored, { patient: own.id, second });
    expect((await bytesIn(read)).toString()).toBe('a result');
    const [look] = await looks(own);
    expect(look).toMatchObject({ person: carer.id, basis: 'delegate', access: read.access });
  });

  test.each([
    ['who may not read', ['log', 'grant'], undefined, 'NOT_A_DELEGATE'],
    ['from whom the record is hidden', ['read'], 'person', 'DENIED_BY_PATIENT'],
    ['like everybody, from a record that is hidden from all', ['read'], 'all', 'DENIED_BY_PATIENT'],
  ])('%s is refused, which the patient sees', async (_who, powers, hidden, code) => {
    const { own, carer, stored } = await named(powers);
    const who = hidden === 'person' ? { who: { person: carer.id } } : {};
    if (hidden) await said(own, { act: 'denyAccess', seq: 3, ...who, what: { records: [stored] } });
    const reading = (await personAt(river, carer)).readRecord(stored, { patient: own.id });
    const problem = await reading.catch((error: unknown) => error);
    expect(problem).toMatchObject({ code, status: 403 });
    const [look] = await looks(own);
    expect(look).toMatchObject({ person: carer.id, code, access: (problem as { access: string }).access });
    await refused(
      await client.get(`${river.url}/v1/records/${stored}`, await cast.patientToken(carer)),
      'NOT_YOURS',
    );
  });

  test('whose delegation ends meanwhile gets no more bytes', async () => {
    const { own, carer, stored, delegation } = await named(['read']);
    const { token, session } = await sessionAt(river, carer.sig);
    const request = requestBy(carer.sig, { session, record: stored, purpose: 'PATRQT' });
    const { access } = await jsonOf(await postRead(river.url, token, request));
    expect((await getSealed(river.url, token, String(access))).status).toBe(200);
    await said(own, { act: 'revokeDelegate', delegation });
    await refused(await getSealed(river.url, token, String(access)), 'NOT_A_DELEGATE');
    const again = await refused(await postRead(river.url, token, request), 'NOT_A_DELEGATE');
    expect(String(again['access'])).toBe(String(access));
  });
});

test.each([river.id, lake.id])('a key that is taken away meanwhile reads nothing more at %s', async (id) => {
  const at = id === river.id ? river : lake;
  const own = await cast.patient(riverToken);
  const stored = await cast.record(riverToken, own, content);
  await known(at, own, stored);
  const { token, session } = await sessionAt(at, own.sig);
  const request = () => requestBy(own.sig, { session, record: stored, purpose: 'PATRQT' });
  const { access } = await jsonOf(await postRead(at.url, token, request()));
  const [sig, enc] = [testKey(), testKey()];
  const exp = Math.floor(Date.now() / 1000) + 600;
  const facts = { network, owner: own.id, sig: sig.publicJwk, enc: enc.publicJwk, exp };
  const key = signJson({ alg: 'ES256', typ: 'chartkey-key+jwt' }, facts, sig);
  await said(own, { act: 'addKey', seq: 2, key }, at);
  await said(own, { act: 'removeKey', key: own.id }, at);
  await refused(await getSealed(at.url, token, String(access)), 'KEY_REVOKED');
  const denied = await refused(await postRead(at.url, token, request()), 'KEY_REVOKED');
  expect(denied).toHaveProperty('access');
  // The new phone reads on under the old id.
  const gateway = await connect(at.url, { network });
  const phone = gateway.patient(await importKeys({ sig: sig.jwk, enc: enc.jwk }), { id: own.id });
  expect((await bytesIn(await phone.readRecord(stored))).equals(content)).toBe(true);
});

describe('a workstation that proves each read', () => {
  const acting = { practitioner: client.randomId(), role: 'physician', purposes: ['TREAT'] } as const;
  const granted = async () => {
    const own = await cast.patient(riverToken);
    const stored = await cast.record(riverToken, own, content);
    const grant = await cast.say(own.grant(lake.id), { at: lake });
    expect(grant.status).toBe(201);
    await known(lake, own, stored);
    return { own, stored };
  };

  test.each(['P-256', 'P-384', 'RSA'] as const)('reads with a grant by its own %s key', async (kind) => {
    const { own, stored } = await granted();
    const { sig, enc } = await boundDevice(lake, kind);
    const keys = await importKeys({ sig: sig.jwk, enc: enc.jwk });
    const station = (await connect(lake.url, { network })).device(keys.sig, acting);
    const read = await station.readEndToEnd(stored, keys, { range: { first: 100_000 } });
    expect((await bytesIn(read)).equals(content.subarray(100_000))).toBe(true);
    const plain = await station.readRecord(stored).catch((error: unknown) => error);
    expect(plain).toMatchObject({ code: 'PROOF_REQUIRED', status: 403 });
    const [last, before] = await looks(own, lake);
    expect(last).toMatchObject({ code: 'PROOF_REQUIRED', access: (plain as { access: string }).access });
    expect(before).toMatchObject({ device: sig.id, basis: 'grant', access: read.access });
  });

  test('breaks the glass with one signature more', async () => {
    const own = await cast.patient(riverToken);
    const stored = await cast.record(riverToken, own, content);
    await known(lake, own, stored);
    const hospital = await SdkOrganisation.of(lake.id);
    const { key, device } = await hospital.practitioner();
    const { sig, enc } = await boundDevice(lake);
    const keys = await importKeys({ sig: sig.jwk, enc: enc.jwk });
    const station = hospital.gateway.device(keys.sig, device.practice);
    const reading = station.readEndToEnd(stored, keys);
    await expect(reading).rejects.toMatchObject({ code: 'BREAK_GLASS_REQUIRED' });
    const emergency = { reason: 'unconscious', minutes: 30, words: 'no pulse' } as const;
    const breakGlass = await hospital.gateway
      .practitioner(key.signer, station)
      .signBreakGlass({ patient: own.id, ...emergency });
    const read = await station.readEndToEnd(stored, keys, { breakGlass });
    expect((await bytesIn(read)).equals(content)).toBe(true);
    const [look] = await looks(own, lake);
    expect(look).toMatchObject({ device: sig.id, basis: 'break-glass', access: read.access });
  });

  test('whose gateway session is stolen opens nothing for the thief', async () => {
    const { stored } = await granted();
    const { sig } = await boundDevice(lake);
    const practice = {
      organization_id: lake.id,
      subject_id: acting.practitioner,
      subject_role: 'physician',
      purpose_of_use: ['TREAT'],
    };
    const { token, session } = await sessionAt(lake, sig, practice);
    const content = await client.get(`${lake.url}/v1/records/${stored}/content`, token);
    expect(await refused(content, 'PROOF_REQUIRED')).toHaveProperty('access');
    const asked = { session, record: stored, purpose: 'TREAT' } as const;
    await refused(await postRead(lake.url, token, requestBy(testKey(), asked)), 'REQUEST_PROOF_INVALID');
    const ehr = await postRead(lake.url, token, requestBy({ ...testKey(), id: sig.id }, asked));
    await refused(ehr, 'REQUEST_PROOF_INVALID');
  });
});
