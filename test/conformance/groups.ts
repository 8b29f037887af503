import type { Callers } from './callers.ts';
import { admission } from './cases/admission.ts';
import { blocks } from './cases/blocks.ts';
import { chaincode } from './cases/chaincode.ts';
import { commitStatus } from './cases/commit-status.ts';
import { conflicts } from './cases/conflicts.ts';
import { events } from './cases/events.ts';
import { faults } from './cases/faults.ts';
import { limits } from './cases/limits.ts';
import { ordering } from './cases/ordering.ts';
import { transactions } from './cases/transactions.ts';
import { validation } from './cases/validation.ts';
import type { Json } from './outcome.ts';

/** What a case comes to, by its title, which says what a client may rely on. */
export type Cases = Readonly<Record<string, (callers: Callers) => Promise<Json>>>;

/** In this order, on one network; each group has a recording of its name. */
export const groups: Readonly<Record<string, Cases>> = {
  transactions,
  'commit-status': commitStatus,
  conflicts,
  validation,
  admission,
  ordering,
  chaincode,
  events,
  blocks,
  limits,
  faults,
};
