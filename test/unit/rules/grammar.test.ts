import { readStatement } from '@chartkey/rules';
import { Failure } from '@chartkey/vocabulary';
import { statement, testKey } from '../../support/signing.ts';
import { examples } from './examples.ts';

// Every verb of the grammar: its example is a statement, and no change of any member of it is, at any depth.
type Value = string | number | boolean | Value[] | { [name: string]: Value };
type Members = { [name: string]: Value };

const key = testKey();
const network = `demo-${'A'.repeat(43)}`;
const now = 1_780_000_000;

/** The verb of what is read, or the failure. */
const outcome = (payload: Members): string | Failure => {
  try {
    return readStatement(statement(payload, key)).payload.act;
  } catch (error) {
    if (error instanceof Failure) return error;
    throw error;
  }
};
const read = (payload: Members) => {
  const verb = outcome(payload);
  return verb instanceof Failure ? verb.code : verb;
};
/** Which part of it is refused. */
const misfit = (payload: Members) => Object(outcome(payload)).about?.at;

/** Values that can stand nowhere a good one stands, each with its name. */
function wrongOnes(good: Value): [string, unknown][] {
  if (typeof good === 'string') {
    const changed = [`${good}!`, ` ${good}`, `${good}\u0000`, 'é', ''].map(
      (text) => [JSON.stringify(text), text] as [string, unknown],
    );
    return [...changed, ['a number', 7], ['nothing', null], ['a list of it', [good]]];
  }
  if (typeof good === 'number') {
    return [
      ['negative', -1],
      ['a fraction', good + 0.5],
      ['as text', String(good)],
      ['nothing', null],
      ['huge', 2 ** 53 - 1],
    ];
  }
  if (typeof good === 'boolean')
    return [
      ['as text', String(good)],
      ['as a number', 1],
      ['nothing', null],
    ];
  if (Array.isArray(good))
    return [
      ['empty', []],
      ['its first alone', good[0]],
      ['nothing', null],
      ['nested', [good]],
    ];
  return [
    ['a member more', { ...good, more: 1 }],
    ['empty', {}],
    ['a list of it', [good]],
    ['nothing', null],
  ];
}

/** Every way of making one place in a value wrong, at any depth. */
function* spoilt(value: Value, path = ''): Generator<[string, unknown]> {
  for (const [how, wrong] of wrongOnes(value)) yield [`${path || 'the payload'}: ${how}`, wrong];
  if (typeof value !== 'object') return;
  for (const [name, inner] of Object.entries(value)) {
    for (const [how, wrong] of spoilt(inner as Value, `${path}/${name}`)) {
      if (!Array.isArray(value)) yield [how, { ...value, [name]: wrong }];
      else yield [how, value.map((one, at) => (String(at) === name ? wrong : one))];
    }
  }
}

const without = (members: Members, name: string): Members => {
  const { [name]: _left, ...rest } = members;
  return rest;
};

describe.each(Object.entries(examples))('%s', (act, { says, by, may = [] }) => {
  const iss = by === 'organisation' ? 'LakeMSP' : key.id;
  const whole = { act, iss, aud: network, iat: now, exp: now + 300, ...says } as unknown as Members;

  test('its example is a statement', () => {
    expect(read(whole)).toBe(act);
  });

  test('it may do without just these members', () => {
    const dispensable = Object.keys(whole).filter((name) => read(without(whole, name)) === act);
    expect(dispensable.sort()).toEqual([...may].sort());
  });

  test('nothing wrong in any member passes, nor a member more', () => {
    for (const [how, wrong] of spoilt(whole)) {
      if (typeof wrong !== 'object' || wrong === null || Array.isArray(wrong)) continue;
      expect([how, read(wrong as Members)]).toEqual([how, 'INVALID_STATEMENT']);
    }
  });

  test('the refusal names the member that is wrong, missing, or has a member more', () => {
    for (const [how, wrong] of spoilt(whole)) {
      const member = /^\/(\w+)/.exec(how)?.[1];
      if (member === undefined) continue;
      const named = String(misfit(wrong as Members));
      expect([how, named.split('.').slice(0, 2)]).toEqual([how, ['payload', member]]);
    }
    for (const name of Object.keys(whole)) {
      // The helper that signs puts a time in where there is none.
      if (name === 'iat' || read(without(whole, name)) === act) continue;
      expect(misfit(without(whole, name))).toMatch(new RegExp(`^payload\\.${name}\\b`));
    }
    expect(misfit({ ...whole, more: 1 })).toBe('payload');
  });

  test(`it has ${'seq' in whole ? 'a number, and is none without' : 'no number, and is none with one'}`, () => {
    const turned = 'seq' in whole ? without(whole, 'seq') : { ...whole, seq: 4 };
    expect(read(turned)).toBe('INVALID_STATEMENT');
  });
});

test.each([
  ['a denial of nobody from nothing', 'denyAccess', ['who', 'what']],
  ['a scope that names nothing', 'grantConsent', { scope: {} }],
  [
    'a list of labels twice the same',
    'denyAccess',
    { what: { labels: [`${'l'.repeat(21)}A`, `${'l'.repeat(21)}A`] } },
  ],
  [
    'more than 64 records',
    'denyAccess',
    {
      what: {
        records: Array.from(
          { length: 65 },
          (_, n) =>
            `${'a'.repeat(24)}${String.fromCharCode(97 + (n % 26))}${String.fromCharCode(97 + Math.floor(n / 26))}`,
        ),
      },
    },
  ],
  [
    'a grant to everybody treating and an organisation',
    'grantConsent',
    { grantee: { treating: true, organisation: 'LakeMSP' } },
  ],
  ['a break-glass of 61 minutes', 'openBreakGlass', { minutes: 61 }],
  ['a break-glass of no time', 'openBreakGlass', { minutes: 0 }],
  ['two contacts', 'nameContacts', { contacts: [{ organisation: 'LakeMSP' }, { organisation: 'HillMSP' }] }],
  [
    'an approver that is a person and an organisation',
    'layRule',
    { of: [{ person: key.id, organisation: 'LakeMSP' }] },
  ],
  ['a rule of no approvals', 'layRule', { need: 0 }],
  ['a rule that waits longer than a week', 'layRule', { within: 10_081 }],
  ['a million and one uses', 'grantConsent', { maxUses: 1_000_001 }],
] as const)('%s is no statement', (_title, act, change) => {
  const whole = {
    act,
    iss: key.id,
    aud: network,
    iat: now,
    exp: now + 300,
    ...examples[act].says,
  } as unknown as Members;
  const changed = Array.isArray(change)
    ? change.reduce(without, whole)
    : { ...whole, ...(change as Members) };
  expect(read(changed)).toBe('INVALID_STATEMENT');
});

test.each([
  ['a role', 'grantConsent', { grantee: { organisation: 'LakeMSP', role: 'doctor' } }, 'grantee.role'],
  ['a record', 'grantConsent', { scope: { records: ['a'.repeat(26), 'Jane Doe'] } }, 'scope.records.1'],
  ['another word for a scope', 'grantConsent', { scope: 'everything' }, 'scope'],
  ['an exception that names nothing', 'grantConsent', { scope: { except: {} } }, 'scope.except'],
  ['an approver', 'layRule', { of: [{ person: key.id }, { person: 'Jane Doe' }] }, 'of.1.person'],
  ['a lock', 'lockForEmergencies', { what: { labels: ['psychiatry'] } }, 'what.labels.0'],
  ['a reason', 'openBreakGlass', { reason: 'curious' }, 'reason'],
  ['a reason that says otherwise', 'reviewBreakGlass', { justified: true, reason: 'no-treatment' }, 'reason'],
  ['nothing lost', 'startRecovery', { lost: [] }, 'lost'],
] as const)('%s is found where it stands', (_title, act, change, at) => {
  const whole = { act, iss: key.id, aud: network, iat: now, exp: now + 300, ...examples[act].says };
  expect(misfit({ ...whole, ...change } as unknown as Members)).toBe(`payload.${at}`);
});

test('"not passed on" is said by leaving it out', () => {
  const whole = { act: 'grantConsent', iss: key.id, aud: network, iat: now, exp: now + 300 };
  const says = examples.grantConsent.says as unknown as Members;
  expect(read({ ...whole, ...says, passOn: false })).toBe('INVALID_STATEMENT');
});
