import {
  AccessEntry,
  type AccessItem,
  AccessOutcome,
  type Basis,
  Failure,
  isFailureCode,
  queries,
  Refused,
  transactions,
} from '@chartkey/vocabulary';
import * as z from 'zod';
import { Group, type GroupOptions } from '../ledger/group.ts';
import type { Ledger } from '../ledger/ledger.ts';

const Outcomes = z.object({ outcomes: z.array(AccessOutcome) });

/** One item on its way to the ledger. */
export interface Ask {
  item: AccessItem;
  /** the device that asks: whose turn it takes */
  device: string;
}

interface Waiting extends Ask {
  /** since when, by a clock of milliseconds that never goes back */
  since: number;
}

/** An access that the ledger granted and logged. */
export interface Granted {
  access: string;
  basis: Basis | undefined;
}

interface Travelled {
  outcome: AccessOutcome;
  access: string;
}

export interface AskingParts {
  ledger: Pick<Ledger, 'submit' | 'evaluate'>;
  /** transactions in flight, items waiting; see `Group` */
  group?: { most: number; inFlight: number; queue: number };
  /** where granted reads go on to; see `Group` */
  next?: GroupOptions<unknown, unknown>['next'];
  /** told how long each item waited for its transaction, in seconds */
  queued?: (seconds: number) => void;
}

/** Asks the ledger for accesses: those of many callers share transactions. */
export class Asking {
  readonly group: Group<Waiting, Travelled>;

  constructor(private readonly parts: AskingParts) {
    this.group = new Group<Waiting, Travelled>({
      ...parts.group,
      next: parts.next,
      gathers: true,
      fairBy: ({ device }) => device,
      keysOf,
      send: (asks) => this.send(asks),
    });
  }

  /**
   * Has an item decided and logged.
   * @throws Refused the ledger's denial, with its entry; Failure when there is no entry: RECORD_UNKNOWN,
   * PATIENT_UNKNOWN, IDEMPOTENCY_MISMATCH, BUSY, LEDGER_CONFLICT, OUTCOME_UNKNOWN {transaction}, …
   */
  async ask(ask: Ask): Promise<Granted> {
    const { outcome, access } = await this.group.add({ ...ask, since: performance.now() });
    if (outcome.is === 'granted') return { access, basis: outcome.basis };
    if (outcome.is === 'repeated') return this.again(outcome.access);
    const code = isFailureCode(outcome.code) ? outcome.code : 'BROKEN';
    throw outcome.is === 'denied' ? new Refused(code, access) : new Failure(code);
  }

  /** What an earlier item with the same retry key was answered. */
  private async again(access: string): Promise<Granted> {
    const entry = AccessEntry.parse(await this.parts.ledger.evaluate(queries.access, access));
    if (entry.decision === 'granted') return { access, basis: entry.basis };
    const code = entry.code ?? '';
    throw new Refused(isFailureCode(code) ? code : 'BROKEN', access);
  }

  private async send(asks: Waiting[]): Promise<Travelled[]> {
    for (const { since } of asks) this.parts.queued?.((performance.now() - since) / 1000);
    const items = asks.map(({ item }) => item);
    const { transaction, result } = await this.parts.ledger.submit(
      transactions.requestAccess,
      { items },
      { when: leavesEntries },
    );
    const { outcomes } = Outcomes.parse(result);
    return outcomes.map((outcome, at) => ({ outcome, access: `${transaction}:${at}` }));
  }
}

/** A transaction without an entry changes nothing, so it is not submitted. */
function leavesEntries(result: unknown): boolean {
  return Outcomes.parse(result).outcomes.some(({ is }) => is === 'granted' || is === 'denied');
}

/** What an item may conflict on: a revocation or a counted use, a new version. */
function keysOf({ item }: Ask): string[] {
  return [item.kind === 'list' ? `grants ${item.patient}` : `record ${item.record}`];
}
