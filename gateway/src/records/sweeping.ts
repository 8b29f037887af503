import type { Logger } from 'pino';
import { type Records, UNANCHORED } from './records.ts';

/**
 * Clears what is not anchored: at the start, and again whenever what was too young then has come of age.
 * @returns ends it
 */
export function sweepNowAndThen(records: Pick<Records, 'sweep'>, log: Logger): () => void {
  const sweep = () =>
    records.sweep().then(
      (swept) => log.info(swept, 'the vault was swept'),
      (error) => log.warn({ why: String(error) }, 'the vault could not be swept; later'),
    );
  const timer = setInterval(sweep, UNANCHORED).unref();
  void sweep();
  return () => clearInterval(timer);
}
