import fc from 'fast-check';
import { replacedBy } from '../../gateway/src/http/headers.ts';
import { isMediaType, parseMediaType } from '../../gateway/src/http/media-type.ts';
import { parsePairs, parseQuery } from '../../gateway/src/http/query.ts';
import { contentRange, parseRange } from '../../gateway/src/http/range.ts';

const position = fc.nat({ max: 2 ** 40 });

test('every range that says from where to where is read as it says', () => {
  fc.assert(
    fc.property(position, position, (first, more) => {
      expect(parseRange(`bytes=${first}-${first + more}`)).toEqual({ first, last: first + more });
      expect(parseRange(`Bytes= ${first}- `)).toEqual({ first });
      expect(parseRange(`bytes=-${more}`)).toEqual({ suffix: more });
      expect(contentRange({ first, last: first + more }, first + more + 1)).toContain(`${first + more}/`);
    }),
  );
});

test('a range is read, ignored or refused, and never anything else', () => {
  const pieces = fc.constantFrom('bytes', '=', '-', ',', ' ', '0', '9', '5', 'x', '\0', 'items', '\t', '"');
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.array(pieces, { maxLength: 12 }).map((all) => all.join('')),
      ),
      (text) => {
        try {
          const range = parseRange(text);
          if (!range) return;
          const numbers = Object.values(range).filter((value) => value !== undefined);
          expect(numbers.every((value) => Number.isSafeInteger(value) && value >= 0)).toBe(true);
        } catch (error) {
          expect(error).toMatchObject({ code: 'INVALID_REQUEST' });
        }
      },
    ),
    { numRuns: 2000 },
  );
});

test('pairs are read as the URL standard writes them', () => {
  const word = fc
    .array(fc.constantFrom('a', 'é', '€', '&', '=', '%', '+', ' ', '\n', '😀'), { minLength: 1 })
    .map((all) => all.join(''));
  fc.assert(
    fc.property(fc.array(fc.tuple(word, word), { minLength: 1 }), (pairs) => {
      expect(parsePairs(new URLSearchParams(pairs).toString())).toEqual(pairs);
    }),
  );
});

test('a query is read when every name is known and stands once, and refused otherwise', () => {
  const name = fc.constantFrom('patient', 'cursor', 'version', '__proto__', 'constructor', '');
  fc.assert(
    fc.property(fc.array(fc.tuple(name, fc.string())), (pairs) => {
      const once = ['patient', 'cursor'];
      const known = { once, repeatable: [] };
      const target = `/v1/x?${new URLSearchParams(pairs)}`;
      const names = pairs.map(([one]) => one);
      const fine = names.every((one) => once.includes(one)) && new Set(names).size === names.length;
      if (fine) expect(parseQuery(target, known)).toEqual(Object.fromEntries(pairs));
      else
        expect(() => parseQuery(target, known)).toThrow(
          expect.objectContaining({ code: 'UNKNOWN_PARAMETER' }),
        );
    }),
  );
});

test('a name that may be repeated has all its values, in order', () => {
  const known = { once: ['patient'], repeatable: ['label'] };
  expect(parseQuery('/v1/x?label=a&patient=p&label=b', known)).toEqual({ patient: 'p', label: ['a', 'b'] });
  expect(parseQuery('/v1/x?label=a', known)).toEqual({ label: ['a'] });
});

test('any query text is read or refused', () => {
  const pieces = fc.constantFrom(
    'a',
    'b',
    '=',
    '&',
    '%',
    '%61',
    '%zz',
    '%ff',
    '%00',
    '+',
    '?',
    '\0',
    'é',
    '\ud800',
  );
  fc.assert(
    fc.property(
      fc.array(pieces).map((all) => all.join('')),
      (text) => {
        try {
          parseQuery(`/v1/x?${text}`, { once: ['a'], repeatable: ['b'] });
        } catch (error) {
          expect(['INVALID_REQUEST', 'UNKNOWN_PARAMETER']).toContain((error as { code: string }).code);
        }
      },
    ),
  );
});

test('If-Match names a version, no version, or nothing', () => {
  expect(
    ['"1"', '"1000000"', '"0"', '"01"', '"1000001"', 'W/"1"', '"x"', '*', undefined].map(replacedBy),
  ).toEqual([1, 1_000_000, 0, 0, 0, 0, 0, undefined, undefined]);
});

test('media types of the standard are understood, others are not', () => {
  expect(parseMediaType('Text/HTML;Charset="utf-8"; q="a\\"b"')).toEqual({
    essence: 'text/html',
    parameters: new Map([
      ['charset', 'utf-8'],
      ['q', 'a"b'],
    ]),
  });
  for (const text of [
    '',
    'text',
    'text/',
    '/x',
    'a/b;',
    'a/b; c=1; C=2',
    'a/b\r\nX: y',
    'a/b; c=é',
    'a b/c',
  ]) {
    expect(parseMediaType(text)).toBeUndefined();
  }
  expect(isMediaType('application/json; charset=UTF-8', 'application/json')).toBe(true);
  expect(isMediaType('application/json; version=1', 'application/json')).toBe(false);
});
