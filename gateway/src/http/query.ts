import { Failure } from '@chartkey/vocabulary';

/**
 * Names and values of an `application/x-www-form-urlencoded` text, in order.
 * @throws Failure INVALID_REQUEST when percent-encoding is broken or hides bytes that are not UTF-8.
 */
export function parsePairs(text: string): Array<[name: string, value: string]> {
  if (text === '') return [];
  try {
    return text.split('&').map((pair) => {
      const split = pair.indexOf('=');
      const [name, value] = split < 0 ? [pair, ''] : [pair.slice(0, split), pair.slice(split + 1)];
      return [decode(name), decode(value)];
    });
  } catch {
    throw new Failure('INVALID_REQUEST', { at: 'encoding' });
  }
}

/** Names that a query may have; a repeatable one may stand more than once. */
export interface Known {
  once: readonly string[];
  repeatable: readonly string[];
}

/**
 * The query of a request target: a known name's value, or a list of values of a repeatable one.
 * @throws Failure UNKNOWN_PARAMETER, INVALID_REQUEST
 */
export function parseQuery(target: string, { once, repeatable }: Known): Record<string, string | string[]> {
  const start = target.indexOf('?');
  const query = new Map<string, string | string[]>();
  for (const [name, value] of parsePairs(start < 0 ? '' : target.slice(start + 1))) {
    const before = query.get(name);
    if (repeatable.includes(name)) query.set(name, [...(before ?? []), value]);
    else if (once.includes(name) && before === undefined) query.set(name, value);
    else throw new Failure('UNKNOWN_PARAMETER');
  }
  return Object.fromEntries(query);
}

const decode = (text: string) => decodeURIComponent(text.replaceAll('+', ' '));
