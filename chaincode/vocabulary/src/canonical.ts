import canonicalize from 'canonicalize';

const loneSurrogate = /\p{Surrogate}/u;

/** The JSON values that may stand in a canonical text. */
export type Json = string | number | boolean | null | Json[] | { [member: string]: Json };

/**
 * The canonical text of a value (RFC 8785): members sorted, no white space.
 * @throws TypeError for what JSON cannot say (undefined, NaN, functions).
 */
export function canonicalJson(value: unknown): string {
  const text = canonicalize(value);
  if (text === undefined) throw new TypeError('this value has no JSON form');
  return text;
}

/**
 * Parses a text that must already be canonical (RFC 8785). This also rules out duplicate members,
 * lone surrogates, insignificant white space and numbers written in two ways.
 * @throws SyntaxError when the text is not JSON, or not in its canonical form.
 */
export function parseCanonical(text: string): unknown {
  const value: unknown = JSON.parse(text);
  if (loneSurrogate.test(text) || canonicalJson(value) !== text) {
    throw new SyntaxError('the JSON text is not in its canonical form (RFC 8785)');
  }
  return value;
}

/**
 * Parses a text that need not be canonical but must be unambiguous: no duplicate members, no lone
 * surrogates, numbers in their plain form. White space and the escape `\\/` are allowed.
 * @throws SyntaxError for any other text.
 */
export function parseUnambiguous(text: string): unknown {
  const value: unknown = JSON.parse(text);
  const plain = text.replace(/"(?:[^"\\]|\\.)*"|\s+/g, (part) =>
    part.startsWith('"') ? part.replaceAll('\\/', '/') : '',
  );
  if (loneSurrogate.test(text) || JSON.stringify(value) !== plain) {
    throw new SyntaxError('the JSON text is ambiguous');
  }
  return value;
}
