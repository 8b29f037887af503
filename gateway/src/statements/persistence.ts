import { setTimeout as pause } from 'node:timers/promises';
import { Failure } from '@chartkey/vocabulary';

const TRIES = 5;
const PAUSE = 20;

/**
 * Proposes a change again when another one got in first, a few times, each after a longer random pause.
 * @throws Failure LEDGER_CONFLICT when the others kept winning; whatever else the change throws, at once
 */
export async function persistently<Result>(change: () => Promise<Result>): Promise<Result> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await change();
    } catch (error) {
      const conflict = error instanceof Failure && error.code === 'LEDGER_CONFLICT';
      if (!conflict || attempt === TRIES) throw error;
      await pause(PAUSE * 2 ** attempt * Math.random());
    }
  }
}
