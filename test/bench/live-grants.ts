import { readStatement } from '@chartkey/rules';
import { type AccessEntry, AccessesState, entriesOf, StoredStatement } from '@chartkey/vocabulary';
import { blocksFrom } from './logged.ts';
import type { Stage } from './stage.ts';

/** What the chain says of one patient's grants, and of the accesses that rest on them. */
export interface LiveGrants {
  revocations: number;
  /** granted entries that name a grant which was live where they stand */
  covered: number;
}

/**
 * Walks the chain in its order, which is the truth: a granted entry of the patient by another than the custodian
 * must name a grant that a statement before it made, and none before it took back.
 * @throws Error VOID when one does not
 */
export async function checkLiveGrants(stage: Stage, patient: string): Promise<LiveGrants> {
  const live = new Set<string>();
  const seen: LiveGrants = { revocations: 0, covered: 0 };
  const judge = (entries: readonly AccessEntry[]) => {
    for (const { patient: whose, code, basis, grant = '' } of entries) {
      if (whose !== patient || code !== undefined || basis === 'custodian') continue;
      if (!live.has(grant))
        throw new Error(`VOID: a read was granted by ${grant || basis}, which is not live there`);
      seen.covered += 1;
    }
  };
  const take = ({ statement }: StoredStatement) => {
    const { id, payload } = readStatement(statement);
    if (payload.iss !== patient) return;
    if (payload.act === 'grantConsent' || payload.act === 'enrolPatient') live.add(id);
    if (payload.act !== 'revokeConsent') return;
    live.delete(payload.grant);
    seen.revocations += 1;
  };
  for await (const { transactions } of blocksFrom(stage, 0)) {
    for (const { id, valid, writes } of transactions) {
      for (const { objectType, value } of valid ? writes : []) {
        if (objectType === 'accesses') judge(entriesOf(id, AccessesState.parse(value)));
        if (objectType === 'statement') take(StoredStatement.parse(value));
      }
    }
  }
  return seen;
}
