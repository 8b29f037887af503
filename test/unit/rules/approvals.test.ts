import { approve, asOf, openRequest, refuse, withdraw } from '@chartkey/rules';
import { type ApprovalRequest, type Approver, instantAt } from '@chartkey/vocabulary';
import * as fc from 'fast-check';
import { seed, share } from '../../support/share.ts';
import { at, codeOf, MINUTE, rule, subject } from './approval-facts.ts';

const opened = openRequest({ subject, need: 2, of: rule.of, within: 60 }, at);
const principals: Record<string, Approver> = {
  p: { person: 'patient' },
  h: { organisation: 'Lake' },
  g: { person: 'guardian' },
  s: { person: 'stranger' },
  a: { organisation: 'River' },
  b: { organisation: 'Crown' },
};

/**
 * Takes steps in order, one a minute or at the minute named: `+` approves, `-` refuses, `~` withdraws what the
 * principal approved; `p` the patient, `h` the hospital, `g` the guardian, `s` a stranger, `a`, `b` two more.
 */
function after(steps: string, request = opened): ApprovalRequest {
  return (steps.match(/\S+/g) ?? []).reduce((now, step, number) => {
    const [, verb = '', who = '', minute = number] = /^(.)(.)(?:@(.+))?$/.exec(step) ?? [];
    const by = principals[who]!;
    const note = { by, statement: `s${number}`, time: at + Number(minute) * MINUTE };
    if (verb === '+') return approve(now, note, 120);
    if (verb === '-') return refuse(now, note, 'not-known');
    return withdraw(now, note, now.approvals.find((one) => one.by === by)?.statement ?? 'none');
  }, request);
}

describe('two of patient, hospital and guardian', () => {
  test.each<[string, string, string]>([
    ['nobody has signed', '', 'pending'],
    ['one approval is not enough', '+p', 'pending'],
    ['two approvals are', '+g +h', 'granted'],
    ['one principal counts once, whichever key it signs with', '+h +h', 'ALREADY_APPROVED'],
    ['who is not asked does not count', '+s', 'NOT_AN_APPROVER'],
    ['who is not asked refuses nothing', '-s', 'NOT_AN_APPROVER'],
    ['a withdrawn approval does not count', '+p ~p +h', 'pending'],
    ['who withdrew may approve again', '+p ~p +h +p', 'granted'],
    ['who has not approved withdraws nothing', '~p', 'NOT_APPROVED'],
    ['another’s approval is not withdrawn', '+p ~h', 'NOT_APPROVED'],
    ['a granted request is closed to a withdrawal', '+p +h ~h', 'REQUEST_CLOSED'],
    ['a granted request is closed to the third', '+p +h +g', 'REQUEST_CLOSED'],
    ['one refusal leaves two who may agree', '-g', 'pending'],
    ['two refusals end it', '-g -h', 'refused'],
    ['one principal refuses once', '-g -g', 'pending'],
    ['who refused may approve after all', '-g +g +h', 'granted'],
    ['who approved withdraws before it refuses', '+h -h', 'ALREADY_APPROVED'],
    ['a refused request is closed', '-g -h +p', 'REQUEST_CLOSED'],
    ['an approval in the last millisecond counts', '+p +h@60', 'granted'],
    ['an approval after the end does not', '+p +h@60.001', 'REQUEST_CLOSED'],
    ['nor does a refusal', '-h@61', 'REQUEST_CLOSED'],
    ['nor a withdrawal', '+h ~h@61', 'REQUEST_CLOSED'],
  ])('%s', (_title, steps, expected) => {
    expect(codeOf(() => after(steps).status)).toBe(expected);
  });

  test('what was approved may be read as long as the rule says, from the last approval on', () => {
    const { grantedUntil } = after('+p@5 +h@30');
    expect(grantedUntil).toBe(instantAt(at + 150 * MINUTE));
  });
});

test.each([
  ['three of five need three', '+p -g +h -a', 'pending'],
  ['three of five are enough', '+p -g +h -a +b', 'granted'],
  ['three refusals of five end it', '+p -g +h -a -b', 'refused'],
])('%s', (_title, steps, expected) => {
  const of = ['p', 'g', 'h', 'a', 'b'].map((one) => principals[one]!);
  expect(after(steps, openRequest({ subject, need: 3, of, within: 60 }, at)).status).toBe(expected);
});

test.each([
  ['where the patient must agree, the others are not enough', '+g +h', 'pending'],
  ['with the patient they are', '+g +h +p', 'granted'],
  ['and its refusal ends it', '-p', 'refused'],
])('%s', (_title, steps, expected) => {
  const must = [principals['p']!];
  const request = openRequest({ subject, need: 2, of: rule.of, must, within: 60 }, at);
  expect(after(steps, request).status).toBe(expected);
});

test('a request lapses after its time, and when its rule is lifted', () => {
  const standing = { rules: [rule] };
  expect(asOf(opened, at + 60 * MINUTE, standing).status).toBe('pending');
  expect(asOf(opened, at + 60 * MINUTE + 1, standing).status).toBe('lapsed');
  expect(asOf(opened, at, { rules: [] }).status).toBe('lapsed');
  const granted = after('+p +h');
  expect(asOf(granted, at + 600 * MINUTE, { rules: [] }).status).toBe('granted');
});

/** What a request is about to say, in plain words: everybody's last word, and whether it still matters. */
class Sheet {
  private readonly words = new Map<number, 'yes' | 'no'>();
  private outcome: 'pending' | 'granted' | 'refused' = 'pending';

  constructor(
    private readonly people: number,
    private readonly need: number,
    private readonly minutes: number,
  ) {}

  say(who: number, what: '+' | '-' | '~', minute: number): string {
    if (who >= this.people) return 'NOT_AN_APPROVER';
    if (this.outcome !== 'pending' || minute > this.minutes) return 'REQUEST_CLOSED';
    const word = this.words.get(who);
    if (what === '~' && word !== 'yes') return 'NOT_APPROVED';
    if (what !== '~' && word === 'yes') return 'ALREADY_APPROVED';
    if (what === '~') this.words.delete(who);
    else this.words.set(who, what === '+' ? 'yes' : 'no');
    const count = (wanted: string) => [...this.words.values()].filter((one) => one === wanted).length;
    if (count('yes') === this.need) this.outcome = 'granted';
    if (this.people - count('no') < this.need) this.outcome = 'refused';
    return this.outcome;
  }
}

test('whatever comes in whatever order, the request says what everybody’s last word in time says', () => {
  const history = fc.integer({ min: 1, max: 6 }).chain((people) =>
    fc.record({
      people: fc.constant(people),
      need: fc.integer({ min: 1, max: people }),
      minutes: fc.integer({ min: 1, max: 30 }),
      steps: fc.array(
        fc.record({
          who: fc.integer({ min: 0, max: people }),
          what: fc.constantFrom('+' as const, '+' as const, '-' as const, '~' as const),
          passing: fc.integer({ min: 0, max: 3 }),
        }),
        { maxLength: 30 },
      ),
    }),
  );
  fc.assert(
    fc.property(history, ({ people, need, minutes, steps }) => {
      const all = Array.from({ length: people + 1 }, (_, n): Approver => ({ organisation: `O${n}` }));
      let request = openRequest({ subject, need, of: all.slice(0, people), within: minutes }, at);
      const sheet = new Sheet(people, need, minutes);
      let minute = 0;
      for (const [number, { who, what, passing }] of steps.entries()) {
        minute += passing;
        const step = { by: all[who]!, statement: `s${number}`, time: at + minute * MINUTE };
        const before = request;
        const own = before.approvals.find(({ by }) => by === step.by)?.statement ?? 'none';
        const said = codeOf(() => {
          if (what === '+') request = approve(before, step);
          else request = what === '-' ? refuse(before, step, 'not-now') : withdraw(before, step, own);
          return request.status;
        });
        expect(said).toBe(sheet.say(who, what, minute));
      }
    }),
    { numRuns: share(20_000, 500), seed },
  );
});
