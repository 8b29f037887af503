import * as z from 'zod';

/** Where the next page of a list begins: `next` of the page before, as it came. */
export const Cursor = z
  .string()
  .regex(/^[A-Za-z0-9._~:-]{1,512}$/)
  .optional()
  .describe('next of the page before');
