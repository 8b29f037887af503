import { fingerprintOf } from '@chartkey/rules';
import { type ApprovalRequest, type Approver, instantAt, type Releasable } from '@chartkey/vocabulary';
import { ask, codeOf } from './asking.ts';
import { idOf, newId, newKeys, newTransaction } from './consortium.ts';
import { newWorld, temporaryFolder, type World } from './world.ts';

const root = temporaryFolder();
let world: World;
let scene: ReturnType<typeof ruled>;
beforeEach(async () => {
  world = await newWorld(root);
  scene = ruled(world);
});
afterEach(() => world.room.close());

type Signed = { id: string; statement: string };

/** Riverside's record takes two of patient, guardian and Lakeside; the guardian and Lakeside approved. */
function ruled({ consortium, ledger, patient, record, clock, newAccess, devices }: World) {
  const says = (keys: Parameters<typeof consortium.statement>[0], payload: object): Signed => {
    const statement = consortium.statement(keys, payload);
    const signed = { id: idOf(statement), statement };
    ledger.accept(signed);
    return signed;
  };
  const person = () => {
    const one = consortium.patient();
    ledger.enrol(one);
    return one;
  };
  const [guardian, stranger] = [person(), person()];
  const of: Approver[] = [
    { person: patient.patient },
    { person: guardian.patient },
    { organisation: 'LakesideMSP' },
  ];
  /** One more link of the patient's chain. */
  const link = (payload: object, iss = patient) => {
    const signed = says(iss.sig, { iss: patient.patient, seq: 2, ...payload });
    ledger.chains.get(patient.patient)?.push(signed.id);
    return signed;
  };
  const lay = (change: object = {}) =>
    link({ act: 'layRule', on: { records: [record] }, of, need: 2, within: 60, lasting: 60, ...change });
  const asking = (rule: string, change: object = {}) => {
    const words = { patient: patient.patient, record, rule, organisation: 'LakesideMSP' };
    const openedAt = instantAt(clock.now - 60_000);
    const asked = { purpose: 'TREAT' as const, asked: newTransaction(), openedAt, ...change };
    const subject = { kind: 'access' as const, ...words, ...asked };
    return { subject, request: fingerprintOf(subject) };
  };
  const approves = (keys: typeof guardian.sig, iss: string, request: string, change: object = {}) =>
    says(keys, { act: 'approve', iss, seq: 2, request, ...change });
  const byLake = (request: string) =>
    approves(consortium.masters.get('LakesideMSP')!, 'LakesideMSP', request);
  const byGuardian = (request: string, change: object = {}) =>
    approves(guardian.sig, guardian.patient, request, change);
  const requestOf = (asked: ReturnType<typeof asking>, ...signed: Signed[]): ApprovalRequest => ({
    ...asked,
    need: 2,
    of,
    openedAt: asked.subject.openedAt,
    until: instantAt(clock.now + 3_600_000),
    status: 'granted',
    approvals: signed.map(({ id }) => ({ by: of[1]!, statement: id, at: instantAt(clock.now) })),
    refusals: [],
    grantedUntil: instantAt(clock.now + 3_600_000),
  });
  const rule = lay();
  const asked = asking(rule.id);
  const approvals = [byGuardian(asked.request), byLake(asked.request)] as const;
  const { access, releasable } = newAccess(devices.lakesideDesk, {
    basis: 'approval',
    ground: asked.request,
  });
  delete releasable.entry.grant;
  const claim = (...requests: ApprovalRequest[]) =>
    Object.assign(releasable, { now: { is: 'granted', basis: 'approval' }, links: linksNow(), requests });
  const linksNow = () => ledger.chains.get(patient.patient)?.length ?? 0;
  const actors = { guardian, stranger, byGuardian, byLake, approves };
  claim(requestOf(asked, ...approvals));
  return { ...actors, of, rule, asked, approvals, access, releasable, lay, link, asking, requestOf, claim };
}

test('two of three approved: the key is handed over', async () => {
  expect(await ask(world, scene.access)).toMatchObject({ access: scene.access });
  expect(world.alarms).toEqual([]);
});

test('under two rules, each of them is proven', async () => {
  const second = scene.lay({ need: 1 });
  const more = scene.asking(second.id);
  scene.claim(
    scene.requestOf(scene.asked, ...scene.approvals),
    scene.requestOf(more, scene.byGuardian(more.request)),
  );
  scene.releasable.entry.ground = more.request;
  expect(await ask(world, scene.access)).toMatchObject({ access: scene.access });
});

type Alteration = [title: string, alter: (it: World, at: typeof scene) => void];

/** What a peer's state, altered, might say of approvals: always that they were enough. */
const alterations: Alteration[] = [
  ['one approval', (_, it) => void it.claim(it.requestOf(it.asked, it.approvals[0]))],
  [
    'one approval, counted twice',
    (_, it) => void it.claim(it.requestOf(it.asked, it.approvals[0], it.approvals[0])),
  ],
  [
    'two approvals of one person',
    (_, it) => {
      const again = it.byGuardian(it.asked.request, { seq: 3 });
      it.claim(it.requestOf(it.asked, it.approvals[0], again));
    },
  ],
  ['an approval that was withdrawn', (it, at) => void it.revoked.add(`approval ${at.approvals[0].id}`)],
  [
    'an approval by somebody who is not asked',
    (_, it) => {
      const { sig, patient } = it.stranger;
      it.claim(it.requestOf(it.asked, it.approvals[1], it.approves(sig, patient, it.asked.request)));
    },
  ],
  [
    'an approval by a key that is not the guardian’s',
    (_, it) => {
      const forged = it.approves(newKeys(), it.guardian.patient, it.asked.request);
      it.claim(it.requestOf(it.asked, it.approvals[1], forged));
    },
  ],
  [
    'an approval of another request',
    (_, it) => {
      const other = it.asking(it.rule.id);
      it.claim(it.requestOf(it.asked, it.byGuardian(other.request), it.approvals[1]));
    },
  ],
  [
    'a request that was opened too long ago',
    (it, at) => {
      const old = at.asking(at.rule.id, { openedAt: instantAt(it.clock.now - 3_700_000) });
      at.claim(at.requestOf(old, at.byGuardian(old.request), at.byLake(old.request)));
      at.releasable.entry.ground = old.request;
    },
  ],
  [
    'approvals of another record',
    (_, it) => {
      const other = it.asking(it.rule.id, { record: newId() });
      it.claim(it.requestOf(other, it.byGuardian(other.request), it.byLake(other.request)));
      it.releasable.entry.ground = other.request;
    },
  ],
  [
    'approvals for another organisation',
    (_, it) => {
      const other = it.asking(it.rule.id, { organisation: 'RiversideMSP' });
      it.claim(it.requestOf(other, it.byGuardian(other.request), it.byLake(other.request)));
      it.releasable.entry.ground = other.request;
    },
  ],
  [
    'approvals for another purpose',
    (_, it) => {
      const other = it.asking(it.rule.id, { purpose: 'HRESCH' });
      it.claim(it.requestOf(other, it.byGuardian(other.request), it.byLake(other.request)));
      it.releasable.entry.ground = other.request;
    },
  ],
  [
    'approvals under a rule that was lifted',
    (_, it) => {
      it.link({ act: 'liftRule', rule: it.rule.id, seq: 3 });
      it.claim(it.requestOf(it.asked, ...it.approvals));
    },
  ],
  [
    'approvals under one rule of two',
    (_, it) => {
      it.lay({ need: 1, seq: 3 });
      it.claim(it.requestOf(it.asked, ...it.approvals));
    },
  ],
  [
    'a delegate who signed for itself and in the patient’s place',
    (world, it) => {
      const words = { person: it.guardian.patient, kind: 'carer', powers: ['approve'] };
      it.link({ act: 'nameDelegate', seq: 3, ...words });
      const place = { patient: world.patient.patient, seq: 3 };
      it.claim(it.requestOf(it.asked, it.approvals[0], it.byGuardian(it.asked.request, place)));
    },
  ],
  [
    'an approval by a key that the guardian has removed, the removal being left out',
    (world, it) => {
      world.restrictions.set(it.guardian.patient, ['R'.repeat(42).concat('A')]);
    },
  ],
  ['no request at all', (_, it) => void delete (it.releasable as Partial<Releasable>).requests],
];

test.each(alterations)('%s opens nothing and raises an alarm', async (_title, alter) => {
  alter(world, scene);
  expect(await codeOf(ask(world, scene.access))).toBe('LEDGER_DISAGREES');
  expect(world.alarms).toMatchObject([{ code: 'LEDGER_DISAGREES', about: { access: scene.access } }]);
});
