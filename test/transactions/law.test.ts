import { queries, transactions } from '@chartkey/vocabulary';
import { endorseAccess } from '../support/early-endorsement.ts';
import { codeOf, freshHash, freshId, LedgerActor, LedgerPatient } from '../support/ledger-actor.ts';
import { signJson, statement, testKey } from '../support/signing.ts';

const names = ['RiversideMSP', 'LakesideMSP', 'RegulatorMSP', 'InsurerMSP'] as const;
const actors = new Map<string, LedgerActor>();
const actor = (name: (typeof names)[number]) => actors.get(name)!;
let session: string;

beforeAll(async () => {
  for (const name of names) actors.set(name, new LedgerActor(name));
  session = await actor('RiversideMSP').session();
});
afterAll(() => {
  for (const one of actors.values()) one.close();
});

test('a consortium is registered once', async () => {
  const { ledger } = actor('LakesideMSP');
  const { network: _id, ...signed } = (await ledger.evaluate(queries.network)) as Record<string, unknown>;
  expect(await codeOf(ledger.submit(transactions.registerConsortium, signed))).toBe('CONSORTIUM_REGISTERED');
});

describe('a session', () => {
  test('is started once by one assertion', async () => {
    const river = actor('RiversideMSP');
    const assertion = river.assertion();
    const [first, second] = await river.startSessions(assertion, assertion);
    expect(first).toHaveProperty('session');
    expect(second).toEqual({ code: 'ASSERTION_REPLAYED' });
    expect(await river.startSessions(assertion)).toEqual([{ code: 'ASSERTION_REPLAYED' }]);
  });

  test('is not started through another organisation’s gateway', async () => {
    const river = actor('RiversideMSP');
    const [outcome] = await actor('LakesideMSP').startSessions(river.assertion());
    expect(outcome).toEqual({ code: 'CLIENT_UNKNOWN' });
  });

  test('a bad assertion does not touch its neighbours', async () => {
    const river = actor('RiversideMSP');
    const outcomes = await river.startSessions(river.assertion({ name: 'Jane' }), river.assertion());
    expect(outcomes).toEqual([
      { code: 'ASSERTION_INVALID' },
      expect.objectContaining({ session: expect.any(String) }),
    ]);
  });

  test('lent to another organisation is refused whole, and no entry is written', async () => {
    const item = { kind: 'list' as const, session, patient: freshHash(), purpose: 'TREAT' as const };
    expect(await codeOf(actor('LakesideMSP').request(item))).toBe('SESSION_FOREIGN');
  });
});

describe('a device', () => {
  const approval = (river: LedgerActor, seq: number, key = testKey(), enc = testKey()) => {
    const exp = Math.floor(Date.now() / 1000) + 600;
    const facts = { network: river.network, organisation: river.organisation, use: 'workstation', exp };
    const keys = { sig: key.publicJwk, enc: enc.publicJwk };
    const device = signJson({ alg: 'ES256', typ: 'chartkey-device+jwt' }, { ...facts, ...keys }, key);
    return byMaster(river, { act: 'approveDevice', seq, device });
  };
  const byMaster = (river: LedgerActor, payload: object) =>
    statement({ iss: river.organisation, aud: river.network, ...payload }, river.master);
  const nextSeq = async (river: LedgerActor) =>
    ((await river.ledger.evaluate(queries.organisation, river.organisation)) as { nextSeq: number }).nextSeq;

  test('revoked is denied at once, and never approved again', async () => {
    const lake = actor('LakesideMSP');
    const key = testKey();
    const enc = testKey();
    await lake.submit('approveDevice', approval(lake, await nextSeq(lake), key, enc));
    const own = Object.assign(Object.create(lake), { device: key }) as LedgerActor;
    const live = await own.session();
    const patient = new LedgerPatient(lake.network);
    await lake.enrol(patient, await lake.session());
    await lake.submit('revokeDevice', byMaster(lake, { act: 'revokeDevice', device: key.id }));
    const { outcomes } = await lake.request({
      kind: 'list',
      session: live,
      patient: patient.id,
      purpose: 'TREAT',
    });
    expect(outcomes).toEqual([{ is: 'denied', code: 'DEVICE_REVOKED' }]);
    expect(await own.startSessions(own.assertion())).toEqual([{ code: 'DEVICE_REVOKED' }]);
    expect(
      await codeOf(lake.submit('approveDevice', approval(lake, await nextSeq(lake), key, testKey()))),
    ).toBe('KEY_USED');
    expect(
      await codeOf(lake.submit('approveDevice', approval(lake, await nextSeq(lake), testKey(), enc))),
    ).toBe('KEY_USED');
  });

  test('of another organisation cannot be revoked', async () => {
    const [river, lake] = [actor('RiversideMSP'), actor('LakesideMSP')];
    const foreign = byMaster(river, { act: 'revokeDevice', device: lake.device.id });
    expect(await codeOf(river.submit('revokeDevice', foreign))).toBe('DEVICE_UNKNOWN');
  });
});

describe('a record', () => {
  test('is anchored once, and the same anchor again has its first outcome', async () => {
    const river = actor('RiversideMSP');
    const patient = new LedgerPatient(river.network);
    await river.enrol(patient, session);
    const [record, commitment] = [freshId(), freshHash()];
    const { result } = await river.anchor(session, patient.id, record, commitment);
    const again = await river.anchor(session, patient.id, record, commitment);
    expect(again.result).toEqual({ ...(result as object), repeated: true });
    expect(await codeOf(river.anchor(session, patient.id, record))).toBe('RECORD_EXISTS');
  });

  test('gets its next version at its custodian only, in order', async () => {
    const [river, lake] = [actor('RiversideMSP'), actor('LakesideMSP')];
    const patient = new LedgerPatient(river.network);
    await river.enrol(patient, session);
    const record = freshId();
    await river.anchor(session, patient.id, record);
    const add = (by: LedgerActor, of: string, version: number) =>
      codeOf(
        by.ledger.submit(transactions.addVersion, { session: of, record, version, commitment: freshHash() }),
      );
    expect(await add(lake, await lake.session(), 2)).toBe('NOT_CUSTODIAN');
    expect(await add(river, session, 3)).toBe('VERSION_CONFLICT');
    expect(await add(river, session, 2)).toBe('accepted');
    expect(await add(river, session, 2)).toBe('VERSION_CONFLICT');
  });

  test('for an unknown patient, or without authority, is refused', async () => {
    const [river, lake] = [actor('RiversideMSP'), actor('LakesideMSP')];
    const patient = new LedgerPatient(river.network);
    await river.enrol(patient, session);
    expect(await codeOf(river.anchor(session, freshHash(), freshId()))).toBe('PATIENT_UNKNOWN');
    expect(await codeOf(lake.anchor(await lake.session(), patient.id, freshId()))).toBe('NO_GRANT');
  });
});

test('a read with a retry key is one access however often it is asked', async () => {
  const river = actor('RiversideMSP');
  const patient = new LedgerPatient(river.network);
  await river.enrol(patient, session);
  const record = freshId();
  await river.anchor(session, patient.id, record);
  const item = { kind: 'read' as const, session, record, purpose: 'TREAT' as const, retryKey: freshHash() };
  const first = await river.request(item);
  expect(first.outcomes).toEqual([{ is: 'granted', basis: 'custodian', version: 1 }]);
  const { outcomes } = await river.request(item, { ...item, version: 1 });
  expect(outcomes).toEqual([
    { is: 'repeated', access: `${first.transaction}:0` },
    { is: 'refused', code: 'IDEMPOTENCY_MISMATCH' },
  ]);
});

test('what does not exist is refused without an entry', async () => {
  const river = actor('RiversideMSP');
  const read = { kind: 'read' as const, session, record: freshId(), purpose: 'TREAT' as const };
  const { transaction, outcomes } = await river.request(read, { ...read, session: freshHash() });
  expect(outcomes).toEqual([
    { is: 'refused', code: 'RECORD_UNKNOWN' },
    { is: 'refused', code: 'SESSION_UNKNOWN' },
  ]);
  expect(await codeOf(river.ledger.evaluate(queries.access, `${transaction}:0`))).toBe('ACCESS_UNKNOWN');
});

test('a third party may learn who the members are, and nothing of patients', async () => {
  const { ledger } = actor('InsurerMSP');
  expect(await codeOf(ledger.evaluate(queries.organisations))).toBe('accepted');
  for (const [query, ...args] of [
    [queries.patient, freshHash()],
    [queries.grants, freshHash(), 'LakesideMSP'],
    [queries.record, freshId()],
    [queries.recordsOf, freshHash()],
    [queries.access, `${'0'.repeat(64)}:0`],
    [queries.releasable, JSON.stringify([`${'0'.repeat(64)}:0`])],
    [queries.statement, freshHash()],
  ] as const) {
    expect(await codeOf(ledger.evaluate(query, ...args))).toBe('CARE_MEMBERS_ONLY');
  }
});

test('regulators and third parties enrol nobody, and get no content even of what is theirs to see', async () => {
  for (const name of ['RegulatorMSP', 'InsurerMSP'] as const) {
    const one = actor(name);
    const own = await one.session();
    expect(await codeOf(one.enrol(new LedgerPatient(one.network), own, 'LakesideMSP'))).toBe(
      'KIND_NOT_ALLOWED',
    );
    const patient = new LedgerPatient(one.network);
    await actor('RiversideMSP').enrol(patient, session);
    const { outcomes } = await one.request({
      kind: 'list',
      session: own,
      patient: patient.id,
      purpose: 'TREAT',
    });
    expect(outcomes).toEqual([{ is: 'denied', code: 'KIND_NOT_ALLOWED' }]);
  }
});

test('only a regulator logs an audit question', async () => {
  const regulator = actor('RegulatorMSP');
  const ask = (by: LedgerActor, of: string) =>
    codeOf(by.ledger.submit(transactions.logAuditQuery, { session: of, question: freshHash() }));
  expect(await ask(regulator, await regulator.session())).toBe('accepted');
  expect(await ask(actor('RiversideMSP'), session)).toBe('KIND_NOT_ALLOWED');
});

test('a released read is decided afresh: after a revocation it is denied', async () => {
  const [river, lake] = [actor('RiversideMSP'), actor('LakesideMSP')];
  const patient = new LedgerPatient(river.network);
  await river.enrol(patient, session);
  const record = freshId();
  await river.anchor(session, patient.id, record);
  const grant = patient.grant('LakesideMSP', { maxUses: 1 });
  await river.submit('grantConsent', grant);
  const read = { kind: 'read' as const, session: await lake.session(), record, purpose: 'TREAT' as const };
  const { transaction } = await lake.request(read);
  // Riverside's peer takes the block in at its own pace.
  await river.ledger.commitOf(transaction, 5_000);
  const releasable = () => river.ledger.evaluate(queries.releasable, JSON.stringify([`${transaction}:0`]));
  expect(await releasable()).toMatchObject([
    { now: { is: 'granted', basis: 'grant' }, custodian: 'RiversideMSP' },
  ]);
  await river.submit('revokeConsent', patient.revocation(grant));
  expect(await releasable()).toMatchObject([{ now: { is: 'denied', code: 'NO_GRANT' } }]);
});

test('an input that does not match its digest is refused', async () => {
  const { ledger } = actor('RiversideMSP');
  expect(await codeOf(ledger.submit(transactions.startSessions, { assertions: [] }))).toBe(
    'INVALID_TRANSACTION',
  );
  expect(await codeOf(ledger.submit(transactions.skip, { statement: 'x', more: 1 }))).toBe(
    'INVALID_TRANSACTION',
  );
});

test('every endorser reads the same keys, however long its chaincode has been running', async () => {
  const session = await actor('RiversideMSP').session();
  const unknown = { kind: 'read' as const, session, record: freshId(), purpose: 'TREAT' as const };
  const { reads, submit } = await endorseAccess('RiversideMSP', [unknown]);
  expect(await submit()).toBe(0);
  // What never changes could be remembered, but then a chaincode that has just started would read more.
  expect(reads.map((key) => key.split('\0')[1])).toEqual(['device', 'network', 'record', 'session']);
});
