import { Failure, queries, RecordFacts, type VersionState } from '@chartkey/vocabulary';
import type { Ledger } from '../ledger/ledger.ts';

type Asks = Pick<Ledger, 'evaluate'>;

/** What the ledger says of a record and its versions. @throws Failure RECORD_UNKNOWN, or the ledger's */
export async function requireRecord(ledger: Asks, record: string): Promise<RecordFacts> {
  return RecordFacts.parse(await ledger.evaluate(queries.record, record));
}

/** The same; undefined when there is no such record. */
export async function findRecord(ledger: Asks, record: string): Promise<RecordFacts | undefined> {
  try {
    return await requireRecord(ledger, record);
  } catch (error) {
    if (error instanceof Failure && error.code === 'RECORD_UNKNOWN') return undefined;
    throw error;
  }
}

/** The version that holds one of these commitments at its place, if one does. */
export function versionAmong(
  { versions }: RecordFacts,
  attempts: readonly Pick<VersionState, 'version' | 'commitment'>[],
): VersionState | undefined {
  return versions.find((one) =>
    attempts.some(({ version, commitment }) => one.version === version && one.commitment === commitment),
  );
}
