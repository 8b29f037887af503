import { queries } from '@chartkey/vocabulary';
import { freshId, LedgerActor, LedgerPatient } from '../support/ledger-actor.ts';
import { signJson, signTexts, type TestKey, testKey } from '../support/signing.ts';
import { spareKey, Voice } from '../support/voice.ts';

let river: LedgerActor;
let lake: LedgerActor;
let session: string;
beforeAll(async () => {
  [river, lake] = [new LedgerActor('RiversideMSP'), new LedgerActor('LakesideMSP')];
  session = await river.session();
});
afterAll(() => {
  river.close();
  lake.close();
});

async function person(): Promise<Voice> {
  const one = new LedgerPatient(river.network);
  await river.enrol(one, session);
  return new Voice(river, one.id, one.sig);
}
const add = (proof: string) => ({ act: 'addKey' as const, key: proof });
const remove = ({ id }: TestKey) => ({ act: 'removeKey' as const, key: id });

/** A patient's session by one of its keys at Riverside. */
async function sessionOf({ iss }: Voice, key: TestKey) {
  const now = Math.floor(Date.now() / 1000);
  const aud = river.tokenUrl;
  const claims = { iss, sub: iss, aud, jti: freshId(), iat: now, exp: now + 300 };
  const header = { alg: 'ES256', kid: key.id, typ: 'JWT' };
  const [outcome] = await river.startSessions(signTexts(JSON.stringify(header), JSON.stringify(claims), key));
  return outcome;
}

describe('a patient’s keys', () => {
  test('are added, removed by one another, and never used again by anybody', async () => {
    const [patient, other] = [await person(), await person()];
    const { key, proof } = spareKey(river.network, patient.iss);
    await patient.says(add(proof));
    const tablet = patient.with(key);
    expect(await tablet.code(remove(patient.key))).toBe('accepted');
    expect(await patient.code({ act: 'freeze' })).toBe('KEY_REVOKED');
    expect(await tablet.code(remove(key))).toBe('LAST_KEY');
    expect(await tablet.code(add(proof))).toBe('KEY_USED');
    const next = spareKey(river.network, patient.iss);
    await tablet.says({ act: 'rotateKey', key: next.proof });
    expect(await patient.with(next.key).code(add(proof))).toBe('KEY_USED');
    expect(await other.code(add(spareKey(river.network, other.iss, { key }).proof))).toBe('KEY_USED');
    expect(await river.ledger.evaluate(queries.patient, patient.iss)).toMatchObject({
      patient: patient.iss,
      keys: [{ sig: next.key.publicJwk }],
    });
  });

  test('each starts sessions of the one id; a removed or suspected one starts none', async () => {
    const patient = await person();
    const { key, proof } = spareKey(river.network, patient.iss);
    expect(await sessionOf(patient, key)).toEqual({ code: 'CLIENT_UNKNOWN' });
    await patient.says(add(proof));
    for (const one of [patient.key, key]) {
      expect(await sessionOf(patient, one)).toHaveProperty('session');
    }
    await patient.says({ act: 'freeze', suspect: key.id });
    expect(await sessionOf(patient, key)).toEqual({ code: 'SUSPECT_KEY' });
    await patient.says(remove(key));
    expect(await sessionOf(patient, key)).toEqual({ code: 'CLIENT_UNKNOWN' });
    expect(await sessionOf(patient, patient.key)).toHaveProperty('session');
  });

  test('raced, leave one: of two that remove each other at once the first wins', async () => {
    const patient = await person();
    const { key, proof } = spareKey(river.network, patient.iss);
    await patient.says(add(proof));
    const codes = await Promise.all([
      patient.code(remove(key)),
      new Voice(lake, patient.iss, key).code(remove(patient.key)),
    ]);
    expect(codes.filter((code) => code === 'accepted')).toHaveLength(1);
    expect(await river.ledger.evaluate(queries.patient, patient.iss)).toMatchObject({
      keys: [{ sig: {} }],
    });
  });

  test('frozen, nothing is granted until another key unfreezes', async () => {
    const patient = await person();
    const { key, proof } = spareKey(river.network, patient.iss);
    await patient.says(add(proof));
    const tablet = patient.with(key);
    await tablet.says({ act: 'freeze', suspect: patient.key.id });
    const grant = {
      act: 'grantConsent' as const,
      grantee: { organisation: 'LakesideMSP' },
      scope: 'all',
      actions: ['read'],
      purposes: ['TREAT'],
    };
    expect(await tablet.code(grant)).toBe('PATIENT_FROZEN');
    expect(await patient.code(grant)).toBe('SUSPECT_KEY');
    expect(await patient.code({ act: 'unfreeze' })).toBe('SUSPECT_KEY');
    expect(await tablet.code({ act: 'unfreeze' })).toBe('accepted');
    expect(await tablet.code(grant)).toBe('accepted');
  });
});

describe('a device', () => {
  const inAnHour = () => new Date(Date.now() + 3_600_000).toISOString();

  async function approved(master: Voice, more: object = {}): Promise<TestKey> {
    const key = testKey();
    const exp = Math.floor(Date.now() / 1000) + 600;
    const keys = { sig: key.publicJwk, enc: testKey().publicJwk };
    const words = { network: lake.network, organisation: 'LakesideMSP', use: 'workstation', ...keys, exp };
    const device = signJson({ alg: 'ES256', typ: 'chartkey-device+jwt' }, words, key);
    await master.says({ act: 'approveDevice', device, ...more });
    return key;
  }
  const acting = (key: TestKey) => Object.assign(Object.create(lake), { device: key }) as LedgerActor;

  test('renewed to an earlier time ends then, and its sessions are denied at once', async () => {
    const master = new Voice(lake, 'LakesideMSP', lake.master);
    const key = await approved(master);
    const own = acting(key);
    const live = await own.session();
    const patient = await person();
    const list = { kind: 'list' as const, session: live, patient: patient.iss, purpose: 'TREAT' as const };
    expect((await lake.request(list)).outcomes).toEqual([{ is: 'denied', code: 'NO_GRANT' }]);
    const past = new Date(Date.now() - 1000).toISOString();
    await master.says({ act: 'renewDevice', device: key.id, validUntil: past });
    expect((await lake.request(list)).outcomes).toEqual([{ is: 'denied', code: 'DEVICE_EXPIRED' }]);
    expect(await own.startSessions(own.assertion())).toEqual([{ code: 'DEVICE_EXPIRED' }]);
    await master.says({ act: 'renewDevice', device: key.id, validUntil: inAnHour() });
    expect((await lake.request(list)).outcomes).toEqual([{ is: 'denied', code: 'NO_GRANT' }]);
  });

  test('that was revoked, or is another organisation’s, is not renewed', async () => {
    const master = new Voice(lake, 'LakesideMSP', lake.master);
    const key = await approved(master, { validUntil: inAnHour() });
    const renewal = { act: 'renewDevice' as const, device: key.id, validUntil: inAnHour() };
    expect(await new Voice(river, 'RiversideMSP', river.master).code(renewal)).toBe('DEVICE_UNKNOWN');
    await master.says({ act: 'revokeDevice', device: key.id });
    expect(await master.code(renewal)).toBe('DEVICE_REVOKED');
  });
});
