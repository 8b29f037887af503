import { setTimeout as pause } from 'node:timers/promises';
import { Failure } from '@chartkey/vocabulary';
import type { Network } from '@hyperledger/fabric-gateway';
import { BlockBroken, Chain } from './chain.ts';
import type { LedgerBlock } from './ledger.ts';
import { readBlock } from './read-block.ts';

const FIRST_PAUSE = 100;
const LONGEST_PAUSE = 5_000;

/** The deliver service's answer to a member whose role gets no blocks (Fabric's Status FORBIDDEN). */
function isForbidden(error: unknown): boolean {
  return error instanceof Error && error.message === 'Unexpected status response: 403';
}

/** See `Ledger.blocks`. */
export async function* blocks(
  network: Network,
  namespace: string,
  startBlock: number,
  signal: AbortSignal,
): AsyncGenerator<LedgerBlock, void, undefined> {
  const chain = new Chain(startBlock);
  let wait = FIRST_PAUSE;
  while (!signal.aborted) {
    try {
      for await (const block of stream(network, namespace, chain, signal)) {
        wait = FIRST_PAUSE;
        yield block;
      }
    } catch (error) {
      if (error instanceof BlockBroken) throw error;
      if (isForbidden(error)) throw new Failure('CARE_MEMBERS_ONLY');
    }
    await pause(wait, undefined, { signal }).catch(() => undefined);
    wait = Math.min(wait * 2, LONGEST_PAUSE);
  }
}

/** The blocks of one connection; ends or throws with it. */
async function* stream(
  network: Network,
  namespace: string,
  chain: Chain,
  signal: AbortSignal,
): AsyncGenerator<LedgerBlock, void, undefined> {
  const events = await network.getBlockEvents({ startBlock: BigInt(chain.expected) });
  const close = () => events.close();
  signal.addEventListener('abort', close, { once: true });
  try {
    if (signal.aborted) return;
    for await (const block of events) {
      chain.accept(block);
      yield readBlock(block, namespace);
    }
  } finally {
    signal.removeEventListener('abort', close);
    close();
  }
}
