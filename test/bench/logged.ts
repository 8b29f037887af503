import type { Stage } from './stage.ts';

/** What the chain says of every access of a stage so far. */
export interface Logged {
  /** ids of granted entries */
  granted: Set<string>;
  /** valid transactions that hold entries */
  transactions: number;
  height: number;
}

const held = new WeakMap<Stage, Logged>();

/** Reads the blocks that have come since it was last asked. */
export async function logged(stage: Stage): Promise<Logged> {
  const seen = held.get(stage) ?? { granted: new Set<string>(), transactions: 0, height: 0 };
  held.set(stage, seen);
  const ledger = stage.run.connect('RegulatorMSP');
  const stop = new AbortController();
  try {
    const height = await ledger.height();
    if (height <= seen.height) return seen;
    for await (const block of ledger.blocks(seen.height, stop.signal)) {
      for (const { id, valid, writes } of block.transactions) {
        for (const { objectType, value } of valid ? writes : []) {
          if (objectType !== 'accesses') continue;
          seen.transactions += 1;
          const { entries } = value as { entries: { item: number; code?: string }[] };
          for (const { item, code } of entries) if (code === undefined) seen.granted.add(`${id}:${item}`);
        }
      }
      seen.height = block.number + 1;
      if (seen.height >= height) stop.abort();
    }
    return seen;
  } finally {
    ledger.close();
  }
}

/** Every access that handed content out must stand on the ledger as granted, or the figure is void. */
export async function checkLogged(stage: Stage, accesses: ReadonlySet<string>): Promise<string> {
  const { granted } = await logged(stage);
  const missing = [...accesses].filter((access) => !granted.has(access));
  if (missing.length > 0)
    throw new Error(`VOID: ${missing.length} reads have no granted entry (access ${missing[0]})`);
  return `${accesses.size} reads, each with its granted entry on the ledger`;
}
