/** A transaction that stands in a block, and what the chaincode answered when it was endorsed. */
export interface Committed<Result = unknown> {
  transaction: string;
  /** number of its block; -1 when `when` decided that nothing is submitted */
  block: number;
  /** parsed JSON */
  result: Result;
}

/** One written key of the chaincode's namespace, its composite key taken apart. */
export interface LedgerWrite {
  objectType: string;
  attributes: string[];
  /** parsed JSON; undefined when the key was deleted */
  value: unknown;
}

export interface LedgerTransaction {
  id: string;
  valid: boolean;
  /** the channel header's timestamp as an `Instant`: what the chaincode saw as ledger time */
  time: string;
  /** the chaincode's own namespace only; empty when the transaction is invalid */
  writes: LedgerWrite[];
}

export interface LedgerBlock {
  number: number;
  /** endorser transactions in the block's order; configuration is left out */
  transactions: LedgerTransaction[];
}

/** What the gateway's other rooms know of the ledger, embedded or Fabric. Every error is a `Failure`. */
export interface Ledger {
  /**
   * Endorses a transaction, submits it and waits until its commit is known.
   * @param transaction `contract:function`, one of the vocabulary's `transactions`
   * @param input the transaction's input; crosses as canonical JSON in the transient value `input`
   * @param options.when looks at the endorsed result; when it answers false nothing is submitted
   * @throws Failure the chaincode's own code; LEDGER_CONFLICT when a key it read had changed meanwhile;
   * LEDGER_UNAVAILABLE or BUSY when nothing can have been committed; OUTCOME_UNKNOWN {transaction} when
   * that cannot be known; BROKEN when the ledger refuses it for a reason no caller can mend
   */
  submit(
    transaction: string,
    input: unknown,
    options?: { when?: (result: unknown) => boolean },
  ): Promise<Committed>;
  /**
   * Asks the organisation's own peer; nothing is written.
   * @param query `contract:function`, one of the vocabulary's `queries`
   * @returns the parsed JSON answer
   * @throws Failure the chaincode's own code, LEDGER_UNAVAILABLE, BUSY or BROKEN
   */
  evaluate(query: string, ...args: string[]): Promise<unknown>;
  /**
   * The version in the chaincode definition that members approved last: on Fabric the digest of its code.
   * @throws Failure as `evaluate`
   */
  approvedCode(): Promise<string>;
  /**
   * The digest of the code that runs beside one organisation's peer, as its process states it.
   * @throws Failure as `evaluate`; LEDGER_UNAVAILABLE also when that peer cannot be reached
   */
  runningCode(organisation: string): Promise<string>;
  /**
   * Waits until a transaction stands in a block, also across lost connections.
   * @throws Failure OUTCOME_UNKNOWN {transaction} when it does not show up in time
   */
  commitOf(transaction: string, milliseconds: number): Promise<{ block: number; valid: boolean }>;
  /**
   * How many blocks the organisation's own peer holds.
   * @throws Failure LEDGER_UNAVAILABLE, BUSY or BROKEN
   */
  height(): Promise<number>;
  /**
   * Every block from `startBlock` on, in order, for ever: a lost connection is made again. Ends when the
   * signal aborts.
   * @throws BlockBroken when a block is not what its hashes or its transactions' validity flags say
   * @throws Failure CARE_MEMBERS_ONLY when the peer gives this member no blocks
   */
  blocks(startBlock: number, signal: AbortSignal): AsyncIterable<LedgerBlock>;
  close(): void;
}
