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

/**
 * The query of a request target, where each known name stands at most once.
 * @throws Failure UNKNOWN_PARAMETER, INVALID_REQUEST
 */
export function parseQuery(target: string, known: readonly string[]): Record<string, string> {
  const start = target.indexOf('?');
  const query = new Map<string, string>();
  for (const [name, value] of parsePairs(start < 0 ? '' : target.slice(start + 1))) {
    if (!known.includes(name) || query.has(name)) throw new Failure('UNKNOWN_PARAMETER');
    query.set(name, value);
  }
  return Object.fromEntries(query);
}

const decode = (text: string) => decodeURIComponent(text.replaceAll('+', ' '));
