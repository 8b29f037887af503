import { EventCursor, LedgerEvent } from '@chartkey/vocabulary';
import { announcementsOf } from '../../../gateway/src/events/announcements.ts';
import type { LedgerBlock } from '../../../gateway/src/ledger/ledger.ts';
import { signJson, testKey } from '../../support/signing.ts';
import * as story from '../projection/chain-story.ts';
import { life } from '../projection/patient-life.ts';

const { id, base32 } = story;
const patient = id('patient');
const river = 'RiversideMSP';
const lake = 'LakesideMSP';
const record = base32('record');

const told = (make: story.MakeWrites) => announcementsOf(story.chain([story.transaction(1, make)]));
const said =
  (payload: Record<string, unknown>): story.MakeWrites =>
  (tx) => [story.statementWrite(tx, payload)];
const idOf = (payload: Record<string, unknown>) => story.statement(payload).id;

const [device, deviceEnc] = [testKey(), testKey()];
const proof = signJson(
  { alg: 'ES256', typ: 'chartkey-device+jwt' },
  {
    ...{ network: story.NETWORK, organisation: river, use: 'ehr', exp: story.BEGIN / 1000 + 600 },
    ...{ sig: device.publicJwk, enc: deviceEnc.publicJwk },
  },
  device,
);
const keys = { sig: testKey().publicJwk, enc: testKey().publicJwk };
const enrolment = { act: 'enrolPatient', iss: patient, seq: 1, ...keys };
const recorded = { ...enrolment, recorder: river };
const grant = story.grantPayload(patient, 2);
const revocation = { act: 'revokeConsent', iss: patient, grant: id('grant') };
const approval = { act: 'approveDevice', iss: river, seq: 1, device: proof };
const removal = { act: 'revokeDevice', iss: river, device: device.id };

const [guardian, asking] = [id('guardian'), id('request')];
const asked = (status: string) => ({
  objectType: 'approval',
  attributes: [asking],
  value: {
    request: asking,
    subject: {
      ...{ kind: 'access', patient, record, rule: id('rule'), organisation: lake, purpose: 'TREAT' },
      ...{ asked: 'a'.repeat(64), openedAt: story.instant(1) },
    },
    ...{ need: 2, of: [{ person: patient }, { person: guardian }, { organisation: river }] },
    ...{ openedAt: story.instant(1), until: story.instant(2), status, approvals: [], refusals: [] },
  },
});
const waiting = (principal: string) => ({
  objectType: 'waiting',
  attributes: [principal, asking],
  value: {},
});

const gone = (principal: string) => ({ ...waiting(principal), value: undefined });

/** What each write announces, and to whom. */
test.each<[string, story.MakeWrites, object[]]>([
  [
    'a granted look',
    (tx) => [story.accessesWrite(tx, [{ patient }])],
    [
      {
        kind: 'accessed',
        patient,
        organisation: lake,
        record,
        to: { patient, organisation: lake, custodian: true },
      },
    ],
  ],
  [
    'a recovery that enough contacts have agreed to: its window runs',
    said({ act: 'confirmRecovery', iss: patient, recovery: id('recovery'), approvals: [id('approval')] }),
    [
      {
        ...{ kind: 'recovery', patient, to: { patient } },
        statement: idOf({
          act: 'confirmRecovery',
          iss: patient,
          recovery: id('recovery'),
          approvals: [id('approval')],
        }),
      },
    ],
  ],
  [
    'a denied look',
    (tx) => [story.accessesWrite(tx, [{ patient, denied: true, device: 'river' }])],
    [
      {
        kind: 'denied',
        patient,
        organisation: river,
        record,
        to: { patient, organisation: river, custodian: true },
      },
    ],
  ],
  [
    'a list, which is of no record',
    (tx) => [story.accessesWrite(tx, [{ patient, list: true }])],
    [
      {
        kind: 'accessed',
        patient,
        organisation: lake,
        to: { patient, organisation: lake, custodian: false },
      },
    ],
  ],
  [
    'a record',
    (tx) => story.recordWrites(tx, record, patient),
    [{ kind: 'recorded', patient, organisation: river, record, to: { patient, organisation: river } }],
  ],
  [
    'its next version',
    (tx) => story.recordWrites(tx, record, patient, 2),
    [{ kind: 'recorded', patient, organisation: river, record, to: { patient, organisation: river } }],
  ],
  ['an enrolment without a recorder', said(enrolment), []],
  [
    'an enrolment with one',
    said(recorded),
    [
      {
        ...{
          kind: 'granted',
          patient,
          organisation: river,
          statement: idOf(recorded),
          grant: idOf(recorded),
        },
        to: { patient },
      },
    ],
  ],
  [
    'a grant',
    said(grant),
    [
      {
        kind: 'granted',
        patient,
        organisation: lake,
        statement: idOf(grant),
        grant: idOf(grant),
        to: { patient },
      },
    ],
  ],
  [
    'a revocation',
    said(revocation),
    [{ kind: 'revoked', patient, statement: idOf(revocation), grant: id('grant'), to: { patient } }],
  ],
  [
    'a device’s approval',
    said(approval),
    [
      {
        ...{ kind: 'device-approved', organisation: river, statement: idOf(approval), device: device.id },
        to: { organisation: river },
      },
    ],
  ],
  [
    'a device’s revocation',
    said(removal),
    [
      {
        ...{ kind: 'device-revoked', organisation: river, statement: idOf(removal), device: device.id },
        to: { organisation: river },
      },
    ],
  ],
  [
    'a request for approvals: each who is asked, and has not approved with it',
    () => [asked('pending'), waiting(guardian), waiting(river)],
    [
      { kind: 'approval-waiting', patient, organisation: lake, request: asking, to: { patient: guardian } },
      { kind: 'approval-waiting', patient, organisation: lake, request: asking, to: { organisation: river } },
    ],
  ],
  ['an approval that is not the last', () => [asked('pending'), gone(river)], []],
  [
    'the last one',
    () => [asked('granted'), gone(river)],
    [
      {
        ...{ kind: 'approval-settled', patient, organisation: lake, request: asking },
        to: { patient, organisation: lake },
      },
    ],
  ],
  ['a burned number', said({ act: 'skip', iss: patient, seq: 3 }), []],
  [
    'a value of a kind that nobody waits for',
    () => [{ objectType: 'sequence', attributes: [patient], value: {} }],
    [],
  ],
  ['a deleted value', () => [{ objectType: 'accesses', attributes: ['x'], value: undefined }], []],
])('%s', (_what, make, expected) => {
  const found = told(make).map(({ event, block: _block, place: _place, ...to }) => {
    const { cursor, time, transaction, block, access, ...rest } = LedgerEvent.strict().parse(event);
    expect({ cursor, block, time }).toEqual({ cursor: expect.any(String), block: 0, time: story.instant(1) });
    expect(access === undefined || access.startsWith(`${transaction}:`)).toBe(true);
    return { ...rest, to };
  });
  expect(found).toEqual(expected);
});

test('an invalid transaction announces nothing', () => {
  const transaction = story.transaction(1, (tx) => story.recordWrites(tx, record, patient));
  expect(announcementsOf(story.chain([{ ...transaction, valid: false }]))).toEqual([]);
});

const cursors = (blocks: readonly LedgerBlock[]) => announcementsOf(blocks).map(({ event }) => event.cursor);

test('cursors rise along the chain, each once, however its blocks are taken', () => {
  const whole = announcementsOf(life);
  const places = whole.map(({ block, place }) => block * 1e9 + place);
  expect(new Set(places).size).toBe(places.length);
  expect([...places].sort((one, other) => one - other)).toEqual(places);
  for (const { event, block, place } of whole) {
    expect(EventCursor.parse(event.cursor)).toBe(`${block}.${place}`);
    expect(place).toBeGreaterThan(0);
  }
  expect(life.flatMap((block) => cursors([block]))).toEqual(cursors(life));
});

test('an event keeps its place whatever else the block announces', () => {
  const look: story.MakeWrites = (tx) => [story.accessesWrite(tx, [{ patient }, { patient, denied: true }])];
  const among = (other: story.MakeWrites) =>
    cursors(story.chain([story.transaction(1, other), story.transaction(2, look)])).slice(-2);
  const alone = among(() => [{ objectType: 'unheard-of', attributes: [], value: {} }]);
  expect(among((tx) => [story.accessesWrite(tx, Array(64).fill({ patient }))])).toEqual(alone);
  expect(alone).toEqual(['0.200000', '0.200001']);
});

test('the largest block’s last place is still a cursor', () => {
  const look: story.MakeWrites = (tx) => [story.accessesWrite(tx, [{ patient }])];
  const transactions = Array.from({ length: 5_000 }, (_, at) =>
    at < 4_999 ? story.transaction(at, () => []) : story.transaction(at, look),
  );
  const [last] = cursors([{ number: 999_999_999, transactions }]);
  expect(EventCursor.parse(last)).toBe('999999999.500000000');
});

test.each([
  ['a statement of another grammar', { objectType: 'statement', attributes: ['x'], value: {} }],
  ['accesses of another shape', { objectType: 'accesses', attributes: ['x'], value: 'text' }],
  ['what waits without its request', { objectType: 'waiting', attributes: [patient, 'x'], value: {} }],
  ['a version without its record', { objectType: 'version', attributes: [record, '1'], value: {} }],
])('a block with %s is refused rather than left out', (_what, write) => {
  expect(() => told(() => [write])).toThrow(expect.objectContaining({ name: 'BlockBroken', block: 0 }));
});
