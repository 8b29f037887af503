import { join } from 'node:path';
import { State, writeValue } from '../../network/embedded/state.ts';

/** A value to be put where no transaction put it. */
export interface Alteration {
  /** the key's word and parts, as world-state names them */
  key: string[];
  /** what becomes of the present value; undefined when there is none */
  to(value: never): unknown;
}

const compositeKey = (parts: readonly string[]) => `\0${parts.map((part) => `${part}\0`).join('')}`;

/** Rewrites a stopped ledger's state behind its back: blocks and versions stay as they are. */
export async function alterState(dataDir: string, alterations: readonly Alteration[]): Promise<void> {
  const state = await State.open(join(dataDir, 'ledger', 'state'));
  try {
    const savepoint = state.savepoint();
    if (!savepoint) throw new Error('this ledger has no state');
    const writes = alterations.map(({ key, to }) => {
      const name = compositeKey(key);
      const present = state.get(name);
      const value = present && (JSON.parse(present.value.toString()) as never);
      const bytes = Buffer.from(JSON.stringify(to(value as never)));
      return writeValue(name, bytes, present?.version ?? { block: 1, transaction: 0 });
    });
    await state.apply(writes, savepoint);
  } finally {
    await state.close();
  }
}
