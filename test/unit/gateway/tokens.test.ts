import { instantAt } from '@chartkey/vocabulary';
import type { Caller } from '../../../gateway/src/gateway.ts';
import { Expiring } from '../../../gateway/src/sessions/expiring.ts';
import { SESSIONS_PER_ISSUER, Tokens } from '../../../gateway/src/sessions/tokens.ts';

let time = 1_000_000;
const now = () => time;
const callerUntil = (id: string, until: number): Caller => ({
  session: {
    session: 's',
    subject: 'patient',
    id,
    startedBy: 'AMSP',
    purposes: ['PATRQT'],
    until: instantAt(until),
  },
});

test('a token is 256 random bits and leads to its caller until the session ends', () => {
  const tokens = new Tokens(now);
  tokens.takePlace('p');
  const token = tokens.issue(callerUntil('p', time + 1_000));
  expect(token).toMatch(/^[A-Za-z0-9_-]{43}$/);
  expect(tokens.callerOf(token)?.session.id).toBe('p');
  expect(tokens.callerOf(`${token.slice(0, -1)}?`)).toBeUndefined();
  time += 1_000;
  expect(tokens.callerOf(token)).toBeDefined();
  time += 1;
  expect(tokens.callerOf(token)).toBeUndefined();
});

test('one issuer has 64 live sessions at most, and a place again when one ends', () => {
  const tokens = new Tokens(now);
  for (let count = 0; count < SESSIONS_PER_ISSUER; count += 1) {
    tokens.takePlace('p');
    tokens.issue(callerUntil('p', time + 5_000 + count * 2_000));
  }
  expect(() => tokens.takePlace('p')).toThrow('TOO_MANY_SESSIONS');
  expect(() => tokens.takePlace('another')).not.toThrow();
  time += 6_500;
  expect(() => tokens.takePlace('p')).not.toThrow();
  expect(() => tokens.takePlace('p')).toThrow('TOO_MANY_SESSIONS');
});

test('a session that was not started gives its place back', () => {
  const tokens = new Tokens(now);
  for (let count = 0; count < 1_000; count += 1) {
    tokens.takePlace('p');
    tokens.giveBack('p');
  }
  expect(() => tokens.takePlace('p')).not.toThrow();
});

test('what has ended leaves the memory while others come', () => {
  const kept = new Expiring<number>(Number.POSITIVE_INFINITY, now);
  for (let count = 0; count < 5_000; count += 1) {
    kept.set(`entry ${count}`, count, time + 100);
    time += 10;
  }
  expect(kept.size).toBeLessThan(200);
});

test('beyond its bound a map lets the oldest go and says so', () => {
  const ended: number[] = [];
  const kept = new Expiring<number>(2, now, (value) => ended.push(value));
  for (const value of [1, 2, 3]) kept.set(`entry ${value}`, value, time + 1_000);
  expect(ended).toEqual([1]);
  expect(kept.get('entry 1')).toBeUndefined();
  expect(kept.get('entry 3')).toBe(3);
});
