import { createHash } from 'node:crypto';
import type { common } from '@hyperledger/fabric-protos';

/** A block that is not what its hashes, its place in the chain or its own flags say. */
export class BlockBroken extends Error {
  override readonly name = 'BlockBroken';
  constructor(
    /** number of the block */
    readonly block: number,
    reason: string,
    cause?: unknown,
  ) {
    super(`block ${block} cannot be trusted: ${reason}; compare it with another organisation’s peer`, {
      cause,
    });
  }
}

function derInteger(value: number): Buffer {
  const digits = value.toString(16);
  const bytes = Buffer.from(digits.padStart(digits.length + (digits.length % 2), '0'), 'hex');
  const sign = (bytes[0] ?? 0) & 0x80 ? [0] : [];
  return Buffer.from([0x02, bytes.length + sign.length, ...sign, ...bytes]);
}

function derOctets(bytes: Uint8Array): Buffer {
  return Buffer.from([0x04, bytes.length, ...bytes]);
}

/**
 * The hash that the next block names as its previous one: SHA-256 over the ASN.1 DER sequence of number,
 * previous hash and data hash (Fabric, protoutil/blockutils.go, BlockHeaderBytes).
 */
export function headerHash(number: number, previousHash: Uint8Array, dataHash: Uint8Array): Buffer {
  const body = Buffer.concat([derInteger(number), derOctets(previousHash), derOctets(dataHash)]);
  return createHash('sha256')
    .update(Buffer.from([0x30, body.length]))
    .update(body)
    .digest();
}

/** Follows the hash chain from a first block on, which is taken as it comes. */
export class Chain {
  private previous: Buffer | undefined;

  /** @param next number of the block that must come next */
  constructor(private next: number) {}

  /** The number of the block that must come next. */
  get expected(): number {
    return this.next;
  }

  /**
   * Takes the next block.
   * @throws BlockBroken when it has another number, does not follow the one before, or its transactions
   * are not what its data hash says
   */
  accept(block: common.Block): void {
    const header = block.getHeader();
    if (!header) throw new BlockBroken(this.next, 'it has no header');
    const number = header.getNumber();
    if (number !== this.next) throw new BlockBroken(this.next, `block ${number} came in its place`);
    const [previousHash, dataHash] = [header.getPreviousHash_asU8(), header.getDataHash_asU8()];
    if (dataHash.length !== 32 || previousHash.length !== (number === 0 ? 0 : 32)) {
      throw new BlockBroken(number, 'its header’s hashes have the wrong length');
    }
    if (this.previous && !this.previous.equals(previousHash)) {
      throw new BlockBroken(number, 'it does not follow the block before it');
    }
    const data = createHash('sha256');
    for (const envelope of block.getData()?.getDataList_asU8() ?? []) data.update(envelope);
    if (!data.digest().equals(dataHash)) {
      throw new BlockBroken(number, 'its transactions are not what its data hash says');
    }
    this.previous = headerHash(number, previousHash, dataHash);
    this.next = number + 1;
  }
}
