import { requestId } from '@chartkey/rules';
import {
  type AccessEntry,
  type AccessItem,
  queries,
  type Releasable,
  transactions,
} from '@chartkey/vocabulary';
import { codeOf, freshHash, freshId, LedgerActor, LedgerPatient } from '../support/ledger-actor.ts';
import { type Asked, personSession, signedItem } from '../support/signed-request.ts';
import { signJson, statement, type TestKey, testKey, withS } from '../support/signing.ts';

let river: LedgerActor;
let lake: LedgerActor;
let desk: string;
let patient: LedgerPatient;
let record: string;

beforeAll(async () => {
  river = new LedgerActor('RiversideMSP');
  lake = new LedgerActor('LakesideMSP');
  desk = await river.session();
});
afterAll(() => {
  river.close();
  lake.close();
});
beforeEach(async () => {
  patient = await enrolled();
  record = freshId();
  await river.anchor(desk, patient.id, record);
});

async function enrolled(): Promise<LedgerPatient> {
  const fresh = new LedgerPatient(river.network);
  await river.enrol(fresh, desk);
  return fresh;
}

const sessionOf = (person: LedgerPatient, at = river, key?: TestKey) => personSession(person, at, key);
const itemOf = (asked: Asked, key: TestKey, change?: object) => signedItem(river.network, asked, key, change);
const own = async (change: Partial<Asked> = {}): Promise<Asked> => ({
  record,
  purpose: 'PATRQT',
  ...change,
  session: change.session ?? (await sessionOf(patient)),
});
const entry = async (at: LedgerActor, transaction: string, item = 0) =>
  (await at.ledger.evaluate(queries.access, `${transaction}:${item}`)) as AccessEntry;
const releasable = async (access: string) =>
  ((await river.ledger.evaluate(queries.releasable, JSON.stringify([access]))) as Releasable[])[0]!;
/** Brings a second key to a patient, then takes the first away with it. */
async function moveToAnotherPhone(): Promise<TestKey> {
  const [sig, enc] = [testKey(), testKey()];
  const exp = Math.floor(Date.now() / 1000) + 600;
  const facts = { network: river.network, owner: patient.id, sig: sig.publicJwk, enc: enc.publicJwk, exp };
  const key = signJson({ alg: 'ES256', typ: 'chartkey-key+jwt' }, facts, sig);
  await river.submit('addKey', patient.says({ act: 'addKey', seq: 2, key }));
  await river.submit('removeKey', patient.says({ act: 'removeKey', key: patient.id }));
  return sig;
}

test('a patient’s own signed read is granted, for the key that signed it, and nobody else is told', async () => {
  const { transaction, outcomes } = await river.request(itemOf(await own(), patient.sig));
  expect(outcomes).toEqual([{ is: 'granted', basis: 'patient', version: 1 }]);
  const found = await entry(lake, transaction);
  expect(found).toMatchObject({ person: patient.id, recipient: patient.id, purpose: 'PATRQT' });
  expect(found.device).toBeUndefined();
  expect(await releasable(`${transaction}:0`)).toMatchObject({ now: { is: 'granted', basis: 'patient' } });
});

test('without a signed request a patient reads nothing, and nothing is noted', async () => {
  const { outcomes } = await river.request({ kind: 'read', ...(await own()) });
  expect(outcomes).toEqual([{ is: 'refused', code: 'END_TO_END_ONLY' }]);
});

describe('a signed request', () => {
  test('asked again finds its access, however its signature is written, also in one transaction', async () => {
    const asked = await own();
    const item = itemOf(asked, patient.sig);
    const [head, payload, signature = ''] = item.request.split('.');
    const high = withS(Buffer.from(signature, 'base64url'), 'high').toString('base64url');
    const twin = { ...item, request: `${head}.${payload}.${high}` };
    const first = await river.request(item, twin);
    const access = `${first.transaction}:0`;
    expect(first.outcomes[1]).toEqual({ is: 'repeated', access });
    for (const again of [item, twin]) {
      expect((await river.request(again)).outcomes).toEqual([{ is: 'repeated', access }]);
    }
  });

  test('made twice for the same read is two accesses', async () => {
    const asked = await own();
    const { outcomes } = await river.request(itemOf(asked, patient.sig), itemOf(asked, patient.sig));
    expect(outcomes.map(({ is }) => is)).toEqual(['granted', 'granted']);
  });

  test('is not another read’s: record, version, purpose, session, key, network, time', async () => {
    const other = freshId();
    await river.anchor(desk, patient.id, other);
    for (const each of [record, other]) {
      const next = { session: desk, record: each, version: 2, commitment: freshHash() };
      await river.ledger.submit(transactions.addVersion, next);
    }
    const asked = await own({ version: 2 });
    const late = Math.floor(Date.now() / 1000) - 200;
    const borrowed = (to: Partial<Asked>): AccessItem =>
      ({ ...itemOf(asked, patient.sig), ...to }) as AccessItem;
    const items = [
      borrowed({ record: other }),
      borrowed({ version: 1 }),
      borrowed({ purpose: 'TREAT' }),
      borrowed({ session: await sessionOf(patient) }),
      itemOf(asked, testKey()),
      itemOf(asked, patient.enc),
      itemOf(asked, patient.sig, { aud: `demo-${freshHash()}` }),
      itemOf(asked, patient.sig, { iat: late, exp: late + 60 }),
    ];
    const { transaction, outcomes } = await river.request(...items, itemOf(asked, patient.sig));
    expect(outcomes.slice(0, -1)).toEqual(
      items.map(() => ({ is: 'refused', code: 'REQUEST_PROOF_INVALID' })),
    );
    expect(outcomes.at(-1)).toEqual({ is: 'granted', basis: 'patient', version: 2 });
    expect((await entry(river, transaction, items.length)).version).toBe(2);
  });

  test('in a session that another organisation’s gateway started is refused whole', async () => {
    const session = await sessionOf(patient, lake);
    const asking = river.request(itemOf(await own({ session }), patient.sig));
    await expect(asking).rejects.toMatchObject({ code: 'SESSION_FOREIGN' });
  });

  test('does not make its access out of an unsigned item with its retry key', async () => {
    const asked: Asked = { session: await lake.session(), record, purpose: 'TREAT' };
    const item = itemOf(asked, lake.device);
    const retryKey = requestId(item.request);
    await lake.request({ kind: 'read', ...asked, retryKey });
    expect((await lake.request(item)).outcomes).toEqual([{ is: 'refused', code: 'IDEMPOTENCY_MISMATCH' }]);
  });

  test('that says it treats is denied, and the denial is on the ledger', async () => {
    for (const purpose of ['TREAT', 'ETREAT'] as const) {
      const { transaction, outcomes } = await river.request(itemOf(await own({ purpose }), patient.sig));
      expect(outcomes).toEqual([{ is: 'denied', code: 'PURPOSE_NOT_ALLOWED' }]);
      expect(await entry(river, transaction)).toMatchObject({ person: patient.id, decision: 'denied' });
    }
  });
});

describe('a key that was taken away', () => {
  test('reads nothing more in its live session, and what it was granted is not released', async () => {
    const before = await own();
    const granted = await river.request(itemOf(before, patient.sig));
    const phone = await moveToAnotherPhone();
    const { outcomes } = await river.request(itemOf(before, patient.sig));
    expect(outcomes).toEqual([{ is: 'denied', code: 'KEY_REVOKED' }]);
    expect((await releasable(`${granted.transaction}:0`)).now).toEqual({ is: 'denied', code: 'KEY_REVOKED' });
    const asked = await own({ session: await sessionOf(patient, river, phone) });
    expect((await river.request(itemOf(asked, phone))).outcomes).toEqual([
      { is: 'granted', basis: 'patient', version: 1 },
    ]);
    // The new phone's key in the old one's session, and the other way round.
    expect((await river.request(itemOf(before, phone))).outcomes).toEqual([
      { is: 'denied', code: 'KEY_REVOKED' },
    ]);
    expect((await river.request(itemOf(asked, patient.sig))).outcomes).toEqual([
      { is: 'refused', code: 'REQUEST_PROOF_INVALID' },
    ]);
  });

  test('a frozen patient’s reads stop too', async () => {
    const asked = await own();
    await river.submit('freeze', patient.says({ act: 'freeze' }));
    expect((await river.request(itemOf(asked, patient.sig))).outcomes).toEqual([
      { is: 'denied', code: 'PATIENT_FROZEN' },
    ]);
  });
});

describe('a device that reads end to end only', () => {
  async function bound(kind: 'P-256' | 'P-384' | 'RSA' = 'P-256'): Promise<LedgerActor> {
    const key = testKey(kind);
    const alg = { 'P-256': 'ES256', 'P-384': 'ES384', RSA: 'RS384' }[kind];
    const exp = Math.floor(Date.now() / 1000) + 600;
    const facts = { network: lake.network, organisation: lake.organisation, use: 'workstation', exp };
    const keys = { sig: key.publicJwk, enc: testKey().publicJwk };
    const device = signJson({ alg, typ: 'chartkey-device+jwt' }, { ...facts, ...keys }, key);
    for (;;) {
      const { nextSeq: seq } = (await lake.ledger.evaluate(queries.organisation, lake.organisation)) as {
        nextSeq: number;
      };
      const words = { act: 'approveDevice', seq, device, perRequestProof: true };
      const text = statement({ iss: lake.organisation, aud: lake.network, ...words }, lake.master);
      const code = await codeOf(lake.submit('approveDevice', text));
      if (code === 'accepted') break;
      if (code !== 'STALE_SEQUENCE') throw new Error(code);
    }
    return Object.assign(Object.create(lake), { device: key, alg }) as LedgerActor;
  }

  test('is denied what it did not sign, on the ledger, and granted what it did', async () => {
    await river.submit('grantConsent', patient.grant(lake.organisation));
    const station = await bound();
    const asked: Asked = { session: await station.session(), record, purpose: 'TREAT' };
    const { transaction, outcomes } = await lake.request({ kind: 'read', ...asked });
    expect(outcomes).toEqual([{ is: 'denied', code: 'PROOF_REQUIRED' }]);
    expect(await entry(river, transaction)).toMatchObject({ decision: 'denied', code: 'PROOF_REQUIRED' });
    const signed = await lake.request(itemOf(asked, station.device), itemOf(asked, testKey()));
    expect(signed.outcomes).toEqual([
      { is: 'granted', basis: 'grant', version: 1 },
      { is: 'refused', code: 'REQUEST_PROOF_INVALID' },
    ]);
    expect(await entry(river, signed.transaction)).toMatchObject({ recipient: station.device.id });
    expect((await releasable(`${signed.transaction}:0`)).now).toMatchObject({ is: 'granted' });
  });

  test('a revoked one is denied although it signs', async () => {
    const station = await bound();
    const asked: Asked = { session: await station.session(), record, purpose: 'TREAT' };
    const revoking = {
      iss: lake.organisation,
      aud: lake.network,
      act: 'revokeDevice',
      device: station.device.id,
    };
    await lake.submit('revokeDevice', statement(revoking, lake.master));
    expect((await lake.request(itemOf(asked, station.device))).outcomes).toEqual([
      { is: 'denied', code: 'DEVICE_REVOKED' },
    ]);
  });
});

test('a counted grant counts a signed read once, however often it is handed in', async () => {
  await river.submit('grantConsent', patient.grant(lake.organisation, { maxUses: 1 }));
  const asked: Asked = { session: await lake.session(), record, purpose: 'TREAT' };
  const item = itemOf(asked, lake.device);
  const { transaction, outcomes } = await lake.request(item, item, itemOf(asked, lake.device));
  expect(outcomes).toEqual([
    { is: 'granted', basis: 'grant', version: 1 },
    { is: 'repeated', access: `${transaction}:0` },
    { is: 'denied', code: 'USES_EXHAUSTED' },
  ]);
});
