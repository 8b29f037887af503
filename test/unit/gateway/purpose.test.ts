import { choosePurpose } from '../../../gateway/src/access/purpose.ts';
import { RetryKeys } from '../../../gateway/src/retry-keys.ts';

test('a session’s only purpose needs no name', () => {
  expect(choosePurpose(['TREAT'], undefined)).toBe('TREAT');
});

test('one of several purposes must be named', () => {
  expect(() => choosePurpose(['TREAT', 'HRESCH'], undefined)).toThrow('PURPOSE_REQUIRED');
  expect(() => choosePurpose([], undefined)).toThrow('PURPOSE_REQUIRED');
  expect(choosePurpose(['TREAT', 'HRESCH'], 'HRESCH')).toBe('HRESCH');
});

test('a purpose that the session lacks goes to the ledger, so that its refusal is logged', () => {
  expect(choosePurpose(['TREAT'], 'PUBHLTH')).toBe('PUBHLTH');
});

test('an Idempotency-Key leaves the gateway as a keyed hash, another one for each use and gateway', () => {
  const keys = new RetryKeys(new Uint8Array(32));
  const others = new RetryKeys(new Uint8Array(32).fill(1));
  const hashes = [
    keys.of('upload', 'k'),
    keys.of('read', 'k'),
    keys.of('version', 'k'),
    others.of('upload', 'k'),
  ];
  expect(new Set(hashes).size).toBe(4);
  for (const hash of hashes) expect(hash).toMatch(/^[A-Za-z0-9_-]{43}$/);
  expect(keys.of('upload', 'k')).toBe(hashes[0]);
});
