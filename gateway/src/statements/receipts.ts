import type { AcceptedStatement, Receipt } from '@chartkey/vocabulary';
import { type GatewayDevice, signedBy } from '../release/index.ts';

/** Signs what became of a statement. */
export type MakeReceipt = (outcome: Omit<AcceptedStatement, 'receipt'>) => string;

export interface ReceiptsParts {
  network: string;
  /** this organisation's id */
  organisation: string;
  device: GatewayDevice;
  /** milliseconds since 1970 */
  now?: () => number;
}

/**
 * Receipts by this gateway's device. They are the organisation's word, so they are made only of what its own peer
 * says: who has no peer makes none.
 */
export function receiptsBy({ network, organisation, device, now = Date.now }: ReceiptsParts): MakeReceipt {
  return ({ id: statement, act, transaction, block, committedAt }) => {
    const iat = Math.floor(now() / 1000);
    const outcome = { statement, act, transaction, block, committedAt };
    const receipt: Receipt = { network, organisation, ...outcome, iat };
    return signedBy(device, 'chartkey-receipt+jwt', receipt);
  };
}
