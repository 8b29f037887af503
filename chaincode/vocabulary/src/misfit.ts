import * as z from 'zod';
import { Failure, type FailureCode } from './failures.ts';

/**
 * What `read` makes of a part of something signed.
 * @param part its name, in front of the names of its members: `header` and `header.kid`
 * @throws Failure that names `at` which member does not fit: never a value, nor a name that its sender made up
 */
export function fitting<Read>(code: FailureCode, part: string, read: () => Read): Read {
  try {
    return read();
  } catch (error) {
    const path = error instanceof z.ZodError ? pathOf(error.issues) : [];
    throw new Failure(code, { at: [part, ...path].join('.') });
  }
}

/** Where the first thing that does not fit stands; of several forms, in the one that is nearest to what came. */
function pathOf(issues: readonly z.core.$ZodIssue[]): PropertyKey[] {
  const [first] = issues;
  if (first?.code !== 'invalid_union') return first?.path ?? [];
  const [nearest = []] = first.errors
    .filter((form) => pathOf(form).length > 0)
    .sort((one, other) => one.length - other.length);
  return [...first.path, ...pathOf(nearest)];
}

/** @param at the part of a statement that does not follow the grammar, e.g. `payload.exp` */
export const malformed = (at: string): Failure => new Failure('INVALID_STATEMENT', { at });
