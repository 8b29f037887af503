import { canonicalJson, parseCanonical } from '@chartkey/vocabulary';
import * as z from 'zod';
import { Tampered } from './failures.ts';

/** Bytes in a stored text: base64url in its only canonical form, since spare bits could be flipped unseen. */
export const StoredBytes = z.string().transform((text, context) => {
  const bytes = Buffer.from(text, 'base64url');
  if (bytes.toString('base64url') === text) return bytes;
  context.addIssue('not canonical base64url');
  return z.NEVER;
});

/**
 * Parses a stored canonical JSON text by its schema; there is one text for each value, so any other is refused.
 * @throws Tampered
 */
export function parseStored<Value>(bytes: Buffer, schema: z.ZodType<Value>, part: string): Value {
  try {
    // latin1 keeps every byte apart, so a text beyond ASCII cannot pass as another one.
    return schema.parse(parseCanonical(bytes.toString('latin1')));
  } catch (error) {
    throw new Tampered(part, { cause: error });
  }
}

/** The bytes that `parseStored` reads: canonical JSON of ASCII strings and numbers. */
export function storedText(value: unknown): Buffer {
  return Buffer.from(canonicalJson(value), 'latin1');
}
