import {
  type Counts,
  type EmergencyAct,
  OPENING_LIMITS,
  openGlass,
  reviewGlass,
  secondGlass,
  withOpening,
} from '@chartkey/rules';
import {
  type Device,
  Failure,
  type Genesis,
  type LiveOpening,
  type Opening,
  type PractitionerKey,
} from '@chartkey/vocabulary';

const at = Date.parse('2026-06-01T12:00:00.000Z');
const minute = 60_000;
const day = 86_400_000;
const instant = (milliseconds: number) => new Date(at + milliseconds).toISOString();
const member = (id: string, kind: string) => ({ id, kind }) as Genesis['organisations'][number];
const genesis = {
  organisations: [
    member('Lake', 'hospital'),
    member('River', 'hospital'),
    member('Crown', 'regulator'),
    member('Cover', 'third-party'),
  ],
} as Genesis;
const key = (change: Partial<PractitionerKey> = {}) =>
  ({ key: 'k1', organisation: 'Lake', practitioner: 'p1', role: 'physician', ...change }) as PractitionerKey;
const device = (change: Partial<Device> = {}) =>
  ({ device: 'd1', organisation: 'Lake', status: 'approved', ...change }) as Device;
const none = (): Counts => ({
  practitioner: { times: [], unreviewed: [] },
  device: { times: [], unreviewed: [] },
  organisation: { times: [], unreviewed: [] },
});
const opened = (change: Partial<Opening> = {}): Opening => ({
  opening: 'o1',
  patient: 'patient',
  organisation: 'Lake',
  key: 'k1',
  practitioner: 'p1',
  device: 'd1',
  reason: 'unconscious',
  text: 't',
  openedAt: instant(0),
  until: instant(30 * minute),
  reviewBy: instant(7 * day),
  ...change,
});
type Verb = 'openBreakGlass' | 'secondBreakGlass' | 'reviewBreakGlass';
function act<One extends Verb>(payload: object, signer: PractitionerKey, time = at): EmergencyAct<One> {
  return {
    statement: { id: 's1', payload } as EmergencyAct<One>['statement'],
    key: signer,
    genesis,
    time,
  };
}
function codeOf(work: () => unknown): string {
  try {
    work();
    return 'done';
  } catch (error) {
    if (error instanceof Failure) return error.code;
    throw error;
  }
}

describe('glass is broken by whom and where the law lets it be', () => {
  const open = (
    { payload = {}, by = key(), on = device(), counts = none(), time = at } = {} as {
      payload?: object;
      by?: PractitionerKey;
      on?: Device;
      counts?: Counts;
      time?: number;
    },
  ) => {
    const words = { patient: 'patient', device: 'd1', reason: 'unconscious', text: 't', minutes: 30 };
    return openGlass(act({ ...words, iat: at / 1000, ...payload }, by, time), on, counts);
  };
  const times = (count: number, ago = 0) => Array.from({ length: count }, () => instant(-ago));
  const withTimes = (of: keyof Counts, count: number, ago?: number): Counts => ({
    ...none(),
    [of]: { times: times(count, ago), unreviewed: [] },
  });
  const awaiting = (reviewBy: string): Counts => ({
    ...none(),
    practitioner: { times: [], unreviewed: [{ opening: 'o0', reviewBy }] },
  });

  test.each<[string, Parameters<typeof open>[0], string]>([
    ['a physician', {}, 'done'],
    ['a nurse', { by: key({ role: 'nurse' }) }, 'done'],
    ['a clerk', { by: key({ role: 'registrar' }) }, 'ROLE_NOT_ALLOWED'],
    ['a pharmacist', { by: key({ role: 'pharmacist' }) }, 'ROLE_NOT_ALLOWED'],
    ['a privacy officer', { by: key({ role: 'privacy-officer' }) }, 'ROLE_NOT_ALLOWED'],
    ['a regulator’s physician', { by: key({ organisation: 'Crown' }) }, 'KIND_NOT_ALLOWED'],
    ['an insurer’s physician', { by: key({ organisation: 'Cover' }) }, 'KIND_NOT_ALLOWED'],
    ['on another organisation’s device', { on: device({ organisation: 'River' }) }, 'DEVICE_UNKNOWN'],
    ['on a revoked device', { on: device({ status: 'revoked' }) }, 'DEVICE_REVOKED'],
    ['on a device past its time', { on: device({ validUntil: instant(-1) }) }, 'DEVICE_EXPIRED'],
    ['the fifth time in a day', { counts: withTimes('practitioner', 4) }, 'done'],
    ['the sixth time in a day', { counts: withTimes('practitioner', 5) }, 'BREAK_GLASS_LIMIT'],
    ['the sixth time, a day later', { counts: withTimes('practitioner', 5, day) }, 'done'],
    [
      'the sixth time, a millisecond too early',
      { counts: withTimes('practitioner', 5, day - 1) },
      'BREAK_GLASS_LIMIT',
    ],
    ['the 20th time on a device', { counts: withTimes('device', 19) }, 'done'],
    ['the 21st time on a device', { counts: withTimes('device', 20) }, 'BREAK_GLASS_LIMIT'],
    ['the 100th time in an organisation', { counts: withTimes('organisation', 99) }, 'done'],
    ['the 101st time in an organisation', { counts: withTimes('organisation', 100) }, 'BREAK_GLASS_LIMIT'],
    ['while an earlier one may still be reviewed', { counts: awaiting(instant(0)) }, 'done'],
    ['while an earlier one’s review is overdue', { counts: awaiting(instant(-1)) }, 'REVIEW_OVERDUE'],
    [
      'with a statement held back past its minutes',
      { payload: { minutes: 5 }, time: at + 5 * minute },
      'BREAK_GLASS_OVER',
    ],
  ])('%s', (_title, words, expected) => {
    expect(codeOf(() => open(words))).toBe(expected);
  });

  test.each<[string, number, number, number]>([
    ['at once', 0, 60, 60],
    ['from a clock a minute ahead', -1, 60, 59],
    ['held back ten minutes', 10, 60, 60],
  ])('it ends 60 minutes after it was signed at the latest: %s', (_title, later, minutes, end) => {
    const time = at + later * minute;
    const { opening } = open({ payload: { minutes }, time });
    expect(opening.until).toBe(instant(end * minute));
  });

  test('it counts for practitioner, device and organisation, and awaits its review', () => {
    const { opening, counts } = open({ counts: withTimes('device', 1, day) });
    expect(opening).toMatchObject({ opening: 's1', key: 'k1', practitioner: 'p1', device: 'd1' });
    const reviewBy = instant(7 * day);
    expect(counts).toEqual({
      practitioner: { times: [instant(0)], unreviewed: [{ opening: 's1', reviewBy }] },
      device: { times: [instant(0)], unreviewed: [] },
      organisation: { times: [instant(0)], unreviewed: [] },
    });
    expect(OPENING_LIMITS).toEqual({ practitioner: 5, device: 20, organisation: 100 });
  });
});

describe('a second practitioner stands behind an opening', () => {
  const second = { statement: 's0', key: 'k3', practitioner: 'p3' };
  test.each<[string, PractitionerKey, Partial<Opening>, number, string]>([
    ['a colleague', key({ key: 'k2', practitioner: 'p2', role: 'nurse' }), {}, 0, 'done'],
    ['in its last millisecond', key({ key: 'k2', practitioner: 'p2' }), {}, 30 * minute, 'done'],
    ['who opened it', key(), {}, 0, 'SAME_PRACTITIONER'],
    ['who opened it, with another key', key({ key: 'k2' }), {}, 0, 'SAME_PRACTITIONER'],
    [
      'of another hospital',
      key({ key: 'k2', organisation: 'River', practitioner: 'p2' }),
      {},
      0,
      'NOT_YOURS',
    ],
    ['a clerk', key({ key: 'k2', practitioner: 'p2', role: 'registrar' }), {}, 0, 'ROLE_NOT_ALLOWED'],
    ['after its end', key({ key: 'k2', practitioner: 'p2' }), {}, 30 * minute + 1, 'BREAK_GLASS_OVER'],
    [
      'when one stands there already',
      key({ key: 'k2', practitioner: 'p2' }),
      { second },
      0,
      'ALREADY_SECONDED',
    ],
  ])('%s', (_title, by, change, later, expected) => {
    const step = act<'secondBreakGlass'>({ opening: 'o1' }, by, at + later);
    expect(codeOf(() => secondGlass(opened(change), step))).toBe(expected);
  });
});

describe('an opening is reviewed by somebody else, once', () => {
  const officer = (change: Partial<PractitionerKey> = {}) =>
    key({ key: 'k9', practitioner: 'p9', role: 'privacy-officer', ...change });
  const second = { statement: 's0', key: 'k2', practitioner: 'p2' };
  const review = {
    statement: 's0',
    organisation: 'Lake',
    key: 'k9',
    justified: true,
    reason: 'necessary' as const,
    at: instant(1),
  };
  test.each<[string, PractitionerKey, Partial<Opening>, string]>([
    ['the hospital’s privacy officer', officer(), {}, 'done'],
    ['a regulator’s auditor', officer({ organisation: 'Crown', role: 'auditor' }), {}, 'done'],
    ['a regulator’s privacy officer', officer({ organisation: 'Crown' }), {}, 'done'],
    [
      'a regulator’s officer of the same pseudonym',
      officer({ organisation: 'Crown', practitioner: 'p1' }),
      {},
      'done',
    ],
    [
      'a regulator’s physician',
      officer({ organisation: 'Crown', role: 'physician' }),
      {},
      'ROLE_NOT_ALLOWED',
    ],
    ['the hospital’s auditor', officer({ role: 'auditor' }), {}, 'ROLE_NOT_ALLOWED'],
    ['another physician', officer({ role: 'physician' }), {}, 'ROLE_NOT_ALLOWED'],
    ['who opened it', key(), {}, 'SAME_PRACTITIONER'],
    ['who opened it, as privacy officer', officer({ practitioner: 'p1' }), {}, 'SAME_PRACTITIONER'],
    ['who stood behind it', officer({ practitioner: 'p2' }), { second }, 'SAME_PRACTITIONER'],
    ['another hospital’s privacy officer', officer({ organisation: 'River' }), {}, 'NOT_YOURS'],
    ['an insurer', officer({ organisation: 'Cover' }), {}, 'NOT_YOURS'],
    ['a second time', officer(), { review }, 'ALREADY_REVIEWED'],
  ])('%s', (_title, by, change, expected) => {
    const step = act<'reviewBreakGlass'>({ opening: 'o1', justified: true, reason: 'necessary' }, by);
    expect(codeOf(() => reviewGlass(opened(change), step))).toBe(expected);
  });

  test('a justified one goes on to its end; an unjustified one ends at once and is a dispute', () => {
    const time = at + 10 * minute;
    const step = (justified: boolean) =>
      act<'reviewBreakGlass'>(
        { justified, reason: justified ? 'necessary' : 'no-treatment' },
        officer(),
        time,
      );
    const justified = reviewGlass(opened(), step(true));
    expect(justified.dispute).toBeUndefined();
    expect(justified.opening.until).toBe(instant(30 * minute));
    const unjustified = reviewGlass(opened(), step(false));
    expect(unjustified.opening).toMatchObject({ until: instant(10 * minute), review: { justified: false } });
    expect(unjustified.dispute).toEqual({
      ...{ dispute: 's1', about: 'break-glass', opening: 'o1', patient: 'patient', organisation: 'Lake' },
      ...{ openedAt: instant(10 * minute), status: 'open' },
    });
    const late = reviewGlass(opened({ until: instant(5 * minute) }), step(false));
    expect(late.opening.until).toBe(instant(5 * minute));
  });
});

describe('what an access reads of the openings', () => {
  const live = (opening: string, until = instant(minute)): LiveOpening => ({
    ...{ opening, key: 'k1', practitioner: 'p1', device: 'd1', until },
  });
  const full = Array.from({ length: 32 }, (_, n) => live(`o${n + 2}`));

  test('ended ones make room, and only when it is needed', () => {
    const [first, ...others] = full;
    const ended = { ...first!, until: instant(-1) };
    expect(withOpening([ended], opened(), at)).toHaveLength(2);
    expect(withOpening([ended, ...others], opened(), at)).toHaveLength(32);
    expect(codeOf(() => withOpening(full, opened(), at))).toBe('BREAK_GLASS_LIMIT');
  });

  test('one changes where it stands, and is not read again once it has left', () => {
    const second = { statement: 's0', key: 'k2', practitioner: 'p2' };
    expect(withOpening([live('o1'), live('o2')], opened({ second }), at)).toEqual([
      { ...live('o1', instant(30 * minute)), second: 'k2' },
      live('o2'),
    ]);
    expect(withOpening(full, opened({ until: instant(-1) }), at)).toEqual(full);
  });
});
