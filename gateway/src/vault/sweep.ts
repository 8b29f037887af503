import { Tampered } from './failures.ts';
import { attemptIn, commitmentIn, sidecarPrefix, unsettledPrefix } from './names.ts';
import { removeAttempt } from './sealed-version.ts';
import { attemptOf, MOST_SIDECAR_BYTES } from './sidecar.ts';
import type { Store } from './store.ts';

/** How a sweep decides. */
export interface SweepRule {
  /** whether the ledger holds this very commitment for the version */
  readonly isAnchored: (record: string, version: number, commitment: string) => Promise<boolean>;
  /**
   * Whole attempts younger than this wait for a later sweep: a transaction submitted just before a crash may
   * still commit. One without a sidecar was never submitted and goes at once. Milliseconds; 0 sweeps all.
   */
  readonly youngest: number;
}

/** What a sweep did. */
export interface Swept {
  readonly settled: number;
  readonly removed: number;
  readonly waiting: number;
}

/**
 * Settles what a crash left: versions that are anchored stay, the others go. Looks at unsettled attempts
 * only, so its cost does not grow with the vault.
 * @param busy attempts of this process that are still at work
 */
export async function sweep(store: Store, rule: SweepRule, busy: ReadonlySet<string>): Promise<Swept> {
  const swept = { settled: 0, removed: 0, waiting: 0 };
  const deadline = Date.now() - rule.youngest;
  for await (const { name, writtenAt } of store.list(unsettledPrefix)) {
    const named = attemptIn(name);
    if (!named || busy.has(named.attempt)) continue;
    const commitment = await commitmentOfAttempt(store, named).catch(unreadable);
    if (commitment === null) {
      swept.waiting += 1;
      continue;
    }
    if (commitment && (await rule.isAnchored(named.record, named.version, commitment))) {
      await store.delete(name);
      swept.settled += 1;
    } else if (commitment !== undefined && writtenAt > deadline) {
      swept.waiting += 1;
    } else {
      await removeAttempt(store, { ...named, ...(commitment && { commitment }) });
      swept.removed += 1;
    }
  }
  return swept;
}

/** The commitment that an attempt's sidecar bears. @throws Tampered when a sidecar of the version cannot be read */
async function commitmentOfAttempt(
  store: Store,
  { record, version, attempt }: { record: string; version: number; attempt: string },
): Promise<string | undefined> {
  for await (const { name } of store.list(sidecarPrefix(record, version))) {
    const commitment = commitmentIn(name);
    if (commitment && attemptOf(await store.read(name, MOST_SIDECAR_BYTES)) === attempt) return commitment;
  }
  return undefined;
}

/** Beside a sidecar that cannot be read nothing is removed: a backup may make it whole again. */
function unreadable(error: unknown): null {
  if (error instanceof Tampered) return null;
  throw error;
}
