import {
  type Algorithm,
  algorithmOf,
  Failure,
  parseCanonical,
  parseCompactJws,
  RECEIPT_BYTES,
  Receipt,
  ReceiptHeader,
} from '@chartkey/vocabulary';
import type { ApprovedDevice } from './release.ts';
import type { SignatureChecks } from './signature.ts';

/** A receipt taken apart and of the right form. Nothing is verified yet. */
export interface ReadReceipt {
  algorithm: Algorithm;
  /** thumbprint of the device that says it signed */
  device: string;
  payload: Receipt;
  signingInput: string;
  signature: Uint8Array;
}

/** @throws Failure RECEIPT_INVALID for any departure from the form */
export function readReceipt(compact: string): ReadReceipt {
  try {
    if (compact.length > RECEIPT_BYTES) throw new SyntaxError('too long');
    const { header, payload, signingInput, signature } = parseCompactJws(compact);
    const { alg: algorithm, kid: device } = ReceiptHeader.parse(parseCanonical(header));
    return { algorithm, device, payload: Receipt.parse(parseCanonical(payload)), signingInput, signature };
  } catch {
    throw new Failure('RECEIPT_INVALID');
  }
}

/** What a receipt must say: each member that is given. */
export type ExpectedReceipt = Pick<Receipt, 'network' | 'statement'> & Partial<Receipt>;

/**
 * Verifies a receipt: that it says what is expected, and that the gateway of the organisation it names made it.
 * @param device as `verifyApproval` found it; whether it was revoked since is another question
 * @throws Failure RECEIPT_INVALID, WRONG_NETWORK, DEVICE_EXPIRED, SIGNATURE_INVALID
 */
export function verifyReceipt(
  compact: string,
  expected: ExpectedReceipt,
  device: ApprovedDevice,
  checks: SignatureChecks,
): Receipt {
  const { payload, signingInput, signature, ...by } = readReceipt(compact);
  if (payload.network !== expected.network) throw new Failure('WRONG_NETWORK');
  const members = Object.entries(expected);
  if (!members.every(([member, value]) => payload[member as keyof Receipt] === value)) {
    throw new Failure('RECEIPT_INVALID');
  }
  if (device.use !== 'gateway' || device.organisation !== payload.organisation) {
    throw new Failure('RECEIPT_INVALID');
  }
  const { validUntil } = device;
  if (validUntil !== undefined && payload.iat * 1000 > validUntil) throw new Failure('DEVICE_EXPIRED');
  const own = algorithmOf(device.sig);
  const isSigned = by.device === device.device && by.algorithm === own;
  if (!isSigned || !checks.verifies(own, device.sig, signingInput, signature)) {
    throw new Failure('SIGNATURE_INVALID');
  }
  return payload;
}

/** What another organisation's gateway says: its own receipt, or that its peer holds no such statement. */
export type OtherWord = Receipt | { statement: string; absentAtHeight: number };

/**
 * Whether what another organisation says bears a verified receipt out. `contradicted`: one of the two lies, and
 * the receipts are the evidence. `undecided`: they speak of different things, or the other's peer is behind.
 * @param other verified too; `absentAtHeight` is how many blocks its peer held
 */
export function judgeReceipt(receipt: Receipt, other: OtherWord): 'confirmed' | 'contradicted' | 'undecided' {
  if (other.statement !== receipt.statement) return 'undecided';
  if ('absentAtHeight' in other) return other.absentAtHeight > receipt.block ? 'contradicted' : 'undecided';
  if (other.network !== receipt.network) return 'undecided';
  const told = ['act', 'transaction', 'block', 'committedAt'] as const;
  if (told.some((member) => other[member] !== receipt[member])) return 'contradicted';
  return other.organisation === receipt.organisation ? 'undecided' : 'confirmed';
}
