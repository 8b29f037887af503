import type { LedgerKind } from '@chartkey/vocabulary';
import type { LedgerAccess } from '../ledger-access.ts';
import type { ProcessOrder } from './processes.ts';

/** What the gateways of a run stand on: an embedded ledger, or a Fabric network. */
export interface Underneath {
  readonly kind: LedgerKind;
  /** every port that it listens on */
  readonly ports: readonly number[];
  /** Brings it up as far as gateways need it; what is there already stays. */
  start(starter: Starter): Promise<void>;
  access(organisation: string): LedgerAccess;
}

export interface Starter {
  /** Starts a process and waits until it is ready. */
  run(order: ProcessOrder): Promise<void>;
  /** Says what begins now; throws when everything is to stop. */
  begin(step: string): void;
}
