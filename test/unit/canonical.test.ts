import {
  base32Id,
  canonicalJson,
  decodeBase64url,
  decodeFailure,
  encodeBase64url,
  encodeFailure,
  parseCanonical,
  parseUnambiguous,
  thumbprint,
} from '@chartkey/vocabulary';
import * as fc from 'fast-check';

test('members are sorted and white space is gone in the canonical text', () => {
  expect(canonicalJson({ b: 1, a: [true, null, 'é'] })).toBe('{"a":[true,null,"é"],"b":1}');
});

test.each([
  ['white space', '{"a": 1}'],
  ['members out of order', '{"b":1,"a":2}'],
  ['a duplicate member', '{"a":1,"a":1}'],
  ['a number written twice', '{"a":1.0}'],
  ['an escaped letter', '{"a":"\\u0041"}'],
  ['a lone surrogate', '{"a":"\\ud800"}'],
  ['no JSON', '{'],
  ['deep nesting', '['.repeat(8000)],
])('a canonical text has no %s', (_name, text) => {
  expect(() => parseCanonical(text)).toThrow();
});

test.each([
  ['a duplicate member', '{"a":1,"a":1}'],
  ['a duplicate member under an escape', '{"a":1,"\\u0061":2}'],
  ['a lone surrogate', '{"a":"\ud800"}'],
])('an unambiguous text has no %s', (_name, text) => {
  expect(() => parseUnambiguous(text)).toThrow(SyntaxError);
});

test('an unambiguous text may have white space and escaped slashes', () => {
  expect(parseUnambiguous('{ "aud" : "http:\\/\\/a" ,\n"b":[1, 2] }')).toEqual({
    aud: 'http://a',
    b: [1, 2],
  });
});

test('any bytes come back from base64url, and agree with the platform', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
      const text = encodeBase64url(bytes);
      expect(text).toBe(Buffer.from(bytes).toString('base64url'));
      expect(Buffer.from(decodeBase64url(text)).equals(Buffer.from(bytes))).toBe(true);
    }),
  );
});

test.each(['A', 'AB=', 'AB', 'A+', 'A/', 'AAAAB', 'Zh'])(
  'base64url that is not canonical is refused: %s',
  (text) => {
    expect(() => decodeBase64url(text)).toThrow(SyntaxError);
  },
);

test('the thumbprint of the example of RFC 7638 comes out', () => {
  const n =
    '0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw';
  expect(thumbprint({ kty: 'RSA', n, e: 'AQAB' })).toBe('NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs');
});

test('ids of 128 bits are 26 letters of base32', () => {
  expect(base32Id(new Uint8Array(16))).toBe('a'.repeat(26));
  expect(base32Id(new Uint8Array(16).fill(255))).toBe(`${'7'.repeat(25)}4`);
});

test('a failure survives the way through a message', () => {
  const message = `chaincode response 500, ${encodeFailure('STALE_SEQUENCE', { expected: 7 })}`;
  expect(decodeFailure(message)).toMatchObject({ code: 'STALE_SEQUENCE', about: { expected: '7' } });
  expect(decodeFailure('[NO_SUCH_CODE] a=b')).toBeUndefined();
});
