import {
  type ExpectedReceipt,
  readReceipt,
  readStatement,
  verifyApproval,
  verifyReceipt,
} from '@chartkey/rules';
import { type AcceptedStatement, Failure, type Receipt, thumbprint } from '@chartkey/vocabulary';
import type { Gateway } from './gateway.ts';
import type { Listing } from './listing.ts';
import { provenMasterKeys } from './master-keys.ts';
import { ChartkeyError } from './problems.ts';
import type { Session } from './session.ts';
import { settled } from './settled.ts';

/** A receipt that was verified, and the text that proves it to others. */
export interface ProvenReceipt {
  readonly text: string;
  readonly receipt: Receipt;
}

/** A statement was accepted, but no receipt of this organisation can be relied on: `cause` says why. */
export class ReceiptUnproven extends ChartkeyError {
  override readonly name = 'ReceiptUnproven';
  outcomeUnknown = true;
  constructor(
    readonly organisation: string,
    /** what the gateway gave as one */
    readonly text: string | undefined,
    cause: unknown,
  ) {
    const why = cause instanceof Error ? cause.message : String(cause);
    super(`the receipt of ${organisation} is not proven (${why}); carry the statement again`, { cause });
  }
}

/** Two organisations' gateways tell of one statement differently: one of them lies. Keep both receipts. */
export class ReceiptsDisagree extends ChartkeyError {
  override readonly name = 'ReceiptsDisagree';
  outcomeUnknown = true;
  constructor(
    /** verified, each by another organisation's gateway: evidence as they are */
    readonly receipts: readonly [ProvenReceipt, ProvenReceipt],
  ) {
    const names = receipts.map(({ receipt }) => receipt.organisation).join(' and ');
    super(`${names} disagree on a statement; keep both receipts and show them to a regulator`);
  }
}

/**
 * Proves the receipt that came with an answer: the pinned genesis document -> master key -> approval -> gateway
 * device -> receipt.
 * @param gateway who gave it
 * @param witness who is asked for the device, and whether it is approved: best another organisation's gateway
 * @throws ReceiptUnproven
 */
export async function proveReceipt(
  gateway: Gateway,
  { receipt: text, id: statement, act, transaction, block, committedAt }: AcceptedStatement,
  witness: Session,
): Promise<ProvenReceipt> {
  const { network, genesis, organisation } = gateway;
  try {
    // A third party's gateway has no peer, so nothing of its own to say.
    if (text === undefined) throw new TypeError('it gave none');
    const outcome = { act, transaction, block, committedAt };
    const expected: ExpectedReceipt = { network, organisation, statement, ...outcome };
    const found = await witness.device(organisation, readReceipt(text).device);
    if (found.status !== 'approved') throw new Failure('DEVICE_REVOKED');
    const { payload, kid } = readStatement(found.statement, 'approveDevice');
    const isFounding = genesis.organisations.some((one) => thumbprint(one.masterKey) === kid);
    const members = isFounding ? [] : await everyOne(witness.organisations());
    const receipt = await settled((checks) => {
      const keys = provenMasterKeys({ network, genesis }, members, checks);
      const key = keys.at(payload.iss, kid, payload.iat * 1000);
      const device = verifyApproval(found.statement, { network, genesis, checks }, key);
      return verifyReceipt(text, expected, device, checks);
    });
    return { text, receipt };
  } catch (error) {
    throw new ReceiptUnproven(organisation, text, error);
  }
}

async function everyOne<Item>(listing: Listing<Item>): Promise<Item[]> {
  const items: Item[] = [];
  for await (const item of listing) items.push(item);
  return items;
}
