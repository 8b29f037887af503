import { Interrupted, ProblemError, Unreachable } from './problems.ts';

/** How often and how patiently a call is repeated. Only what can be repeated without harm ever is. */
export interface Retries {
  /** tries in all, the first included */
  tries: number;
  /** milliseconds before the second try; doubles with each */
  pause: number;
  /** milliseconds of Retry-After that are waited for; a longer one is left to the caller */
  patience: number;
}

/** Milliseconds to wait before the next try after `done` tries; undefined when there is none. */
export function retryPause(error: unknown, done: number, retries: Retries | undefined): number | undefined {
  if (!retries || done >= retries.tries) return undefined;
  if (error instanceof ProblemError && (error.status === 503 || error.status === 429)) {
    if (error.retryAfter === undefined) return undefined;
    const asked = error.retryAfter * 1000;
    return asked <= retries.patience ? asked : undefined;
  }
  const lost =
    error instanceof Unreachable ||
    error instanceof Interrupted ||
    (error instanceof ProblemError && (error.status === 502 || error.status === 504));
  // Half of the pause is random, so that clients cut off together do not come back together.
  return lost ? retries.pause * 2 ** (done - 1) * (0.5 + Math.random() / 2) : undefined;
}
