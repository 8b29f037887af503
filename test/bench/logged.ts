import type { Ledger } from '@chartkey/gateway';
import { AccessesState, entriesOf } from '@chartkey/vocabulary';
import type { Stage } from './stage.ts';

type Block = ReturnType<Ledger['blocks']> extends AsyncIterable<infer One> ? One : never;

/** What the chain says of every access of a stage so far. */
export interface Logged {
  /** ids of granted entries */
  granted: Set<string>;
  /** valid transactions that hold entries */
  transactions: number;
  height: number;
}

const held = new WeakMap<Stage, Logged>();

/** The blocks from one number on, up to the height that the regulator's peer has now. */
export async function* blocksFrom({ run }: Pick<Stage, 'run'>, first: number): AsyncGenerator<Block> {
  const ledger = run.connect('RegulatorMSP');
  const stop = new AbortController();
  try {
    const height = await ledger.height();
    if (height <= first) return;
    for await (const block of ledger.blocks(first, stop.signal)) {
      yield block;
      if (block.number + 1 >= height) return;
    }
  } finally {
    stop.abort();
    ledger.close();
  }
}

/** Reads the blocks that have come since it was last asked. */
export async function logged(stage: Stage): Promise<Logged> {
  const seen = held.get(stage) ?? { granted: new Set<string>(), transactions: 0, height: 0 };
  held.set(stage, seen);
  for await (const block of blocksFrom(stage, seen.height)) {
    for (const { id, valid, writes } of block.transactions) {
      for (const { objectType, value } of valid ? writes : []) {
        if (objectType !== 'accesses') continue;
        seen.transactions += 1;
        for (const { access, decision } of entriesOf(id, AccessesState.parse(value))) {
          if (decision === 'granted') seen.granted.add(access);
        }
      }
    }
    seen.height = block.number + 1;
  }
  return seen;
}

/** Every access that handed content out must stand on the ledger as granted, or the figure is void. */
export async function checkLogged(stage: Stage, accesses: ReadonlySet<string>): Promise<string> {
  const { granted } = await logged(stage);
  const missing = [...accesses].filter((access) => !granted.has(access));
  if (missing.length > 0)
    throw new Error(`VOID: ${missing.length} reads have no granted entry (access ${missing[0]})`);
  return `${accesses.size} reads, each with its granted entry on the ledger`;
}
