import { createPublicKey, verify } from 'node:crypto';
import { type Device, type Keys, makeKeys, ProblemError } from '@chartkey/client';
import { ForeignGateway, json, problem } from './foreign-gateway.ts';

let foreign: ForeignGateway;
let keys: Keys;
let clock = 0;
const practitioner = 'p'.repeat(26);
const organisation = {
  id: 'RiversideMSP',
  name: 'Riverside Hospital',
  kind: 'hospital',
  url: 'http://127.0.0.1:1',
  tokenUrl: 'http://127.0.0.1:1/v1/oauth/token',
  nextSeq: 1,
};

beforeEach(async () => {
  foreign = await ForeignGateway.start();
  keys = await makeKeys();
  clock = Date.now();
  const masterKey = keys.sig.publicKey;
  foreign.on('GET', '/v1/organisations/RiversideMSP', (_seen, response) =>
    json(response, 200, { ...organisation, masterKey }),
  );
});
afterEach(() => foreign.stop());

const device = async (): Promise<Device> => {
  const gateway = await foreign.connect({ now: () => clock });
  return gateway.device(keys.sig, { practitioner, role: 'physician', purposes: ['TREAT', 'HOPERAT'] });
};
const bearers = () =>
  foreign.seen.filter((one) => one.path.startsWith('/v1/org')).map((one) => one.headers.authorization);
const assertions = () =>
  foreign.seen
    .filter((one) => one.path === '/v1/oauth/token')
    .map((one) => new URLSearchParams(one.body.toString()).get('client_assertion') ?? '');
const claimsIn = (jwt: string) => JSON.parse(Buffer.from(jwt.split('.')[1] ?? '', 'base64url').toString());

test('a device’s assertion has exactly the members of the profile, signed by its key', async () => {
  await (await device()).organisation('RiversideMSP');
  const form = new URLSearchParams(
    foreign.seen.find((one) => one.path === '/v1/oauth/token')?.body.toString(),
  );
  expect([...form.keys()]).toEqual(['grant_type', 'client_assertion_type', 'client_assertion']);
  expect(form.get('grant_type')).toBe('client_credentials');
  const [header = '', payload = '', signature = ''] = (form.get('client_assertion') ?? '').split('.');
  const key = createPublicKey({ key: keys.sig.publicKey, format: 'jwk' });
  const bytes = Buffer.from(signature, 'base64url');
  const signed = Buffer.from(`${header}.${payload}`);
  expect(verify('sha256', signed, { key, dsaEncoding: 'ieee-p1363' }, bytes)).toBe(true);
  const { id } = keys.sig;
  expect(JSON.parse(Buffer.from(header, 'base64url').toString())).toEqual({
    alg: 'ES256',
    kid: id,
    typ: 'JWT',
  });
  const iat = Math.floor(clock / 1000);
  expect(JSON.parse(Buffer.from(payload, 'base64url').toString())).toEqual({
    iss: id,
    sub: id,
    aud: `${foreign.url}/v1/oauth/token`,
    jti: expect.stringMatching(/^[a-z2-7]{26}$/),
    iat,
    exp: iat + 300,
    extensions: {
      'hl7-b2b': {
        version: '1',
        organization_id: 'RiversideMSP',
        subject_id: practitioner,
        subject_role: 'physician',
        purpose_of_use: ['TREAT', 'HOPERAT'],
      },
    },
  });
});

test('a patient’s assertion names nobody else', async () => {
  const patient = (await foreign.connect()).patient(keys);
  await patient.organisation('RiversideMSP');
  const claims = claimsIn(assertions()[0] ?? '');
  expect(Object.keys(claims).sort()).toEqual(['aud', 'exp', 'iat', 'iss', 'jti', 'sub']);
});

test('many calls at once share one token, which is renewed before it ends', async () => {
  const ehr = await device();
  await Promise.all(Array.from({ length: 20 }, () => ehr.organisation('RiversideMSP')));
  expect(assertions()).toHaveLength(1);
  clock += 269_000;
  await ehr.organisation('RiversideMSP');
  expect(assertions()).toHaveLength(1);
  clock += 2_000;
  await Promise.all(Array.from({ length: 20 }, () => ehr.organisation('RiversideMSP')));
  expect(assertions()).toHaveLength(2);
  expect(new Set(bearers()).size).toBe(2);
  expect(new Set(assertions().map((jwt) => claimsIn(jwt).jti)).size).toBe(2);
});

test('while a renewal fails the old token serves until its end, and then the failure shows', async () => {
  const ehr = await device();
  await ehr.organisation('RiversideMSP');
  foreign.on('POST', '/v1/oauth/token', (_seen, response) => problem(response, 503, 'LEDGER_UNAVAILABLE'));
  clock += 280_000;
  expect((await ehr.organisation('RiversideMSP')).id).toBe('RiversideMSP');
  clock += 21_000;
  const failure = await ehr.organisation('RiversideMSP').catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(ProblemError);
  expect(failure).toMatchObject({ code: 'LEDGER_UNAVAILABLE', outcomeUnknown: false });
});

test('a refusal by the token endpoint is typed, with our code before OAuth’s', async () => {
  const ehr = await device();
  foreign.on('POST', '/v1/oauth/token', (_seen, response) =>
    json(response, 401, { error: 'invalid_client', error_description: 'no', code: 'DEVICE_REVOKED' }),
  );
  await expect(ehr.organisation('RiversideMSP')).rejects.toMatchObject({
    code: 'DEVICE_REVOKED',
    status: 401,
  });
  foreign.on('POST', '/v1/oauth/token', (_seen, response) =>
    json(response, 401, { error: 'invalid_client' }),
  );
  await expect(ehr.organisation('RiversideMSP')).rejects.toMatchObject({ code: 'invalid_client' });
});

test('a try that repeats a token request never repeats the assertion', async () => {
  const ehr = await device();
  let first = true;
  const token = { access_token: 'token', token_type: 'Bearer', expires_in: 300 };
  foreign.on('POST', '/v1/oauth/token', (seen, response) => {
    if (!first) return json(response, 200, token);
    first = false;
    seen.raw.socket.destroy();
  });
  await ehr.organisation('RiversideMSP');
  expect(new Set(assertions()).size).toBe(2);
});

test('a token that the gateway forgot is replaced once, and a second refusal shows', async () => {
  const ehr = await device();
  await ehr.organisation('RiversideMSP');
  const old = bearers()[0];
  foreign.on('GET', '/v1/organisations/LakesideMSP', (seen, response) =>
    seen.headers.authorization === old
      ? problem(response, 401, 'TOKEN_INVALID')
      : json(response, 200, { ...organisation, masterKey: keys.sig.publicKey }),
  );
  await ehr.organisation('LakesideMSP');
  expect(assertions()).toHaveLength(2);
  foreign.on('GET', '/v1/organisations/LakesideMSP', (_seen, response) =>
    problem(response, 401, 'TOKEN_INVALID'),
  );
  await expect(ehr.organisation('LakesideMSP')).rejects.toMatchObject({ code: 'TOKEN_INVALID' });
  expect(assertions()).toHaveLength(3);
});
