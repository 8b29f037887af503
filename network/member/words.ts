import { describe, Failure } from '@chartkey/vocabulary';

/** An error in one line: a failure's code, what it says and what can be done; else its message. */
export function inWords(error: Error): string {
  if (!(error instanceof Failure)) return error.message;
  const { says, remedy } = describe(error.code);
  return `${error.code}: ${says} ${remedy}`;
}
