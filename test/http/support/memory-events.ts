import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import type { Webhook } from '@chartkey/vocabulary';
import { access, patient, time, transaction } from './memory-ids.ts';

export const event = {
  ...{ cursor: '7.100000', kind: 'denied' as const, time, transaction, block: 7, patient },
  organisation: 'RiversideMSP',
  access,
};

export const webhook: Webhook = {
  webhook: 'c'.repeat(26),
  url: 'https://app.example/events',
  status: 'active',
  after: '7.0',
  madeAt: time,
};

/** How a stream of events goes on after the first one and a sign of life. */
export class Streams {
  /** signs of life without end */
  beats = false;
  /** events without end */
  floods = false;
  /** bytes that were asked for in a flood */
  flooded = 0;
  /** listeners that have left */
  readonly left: string[] = [];

  async *batches(signal: AbortSignal) {
    yield [event];
    yield [];
    while (this.beats && !signal.aborted) {
      await pause(50);
      yield [];
    }
    const batch = Array(50).fill(event) as (typeof event)[];
    while (this.floods && !signal.aborted) {
      this.flooded += JSON.stringify(batch).length;
      yield batch;
    }
    if (!signal.aborted) await once(signal, 'abort');
  }
}
