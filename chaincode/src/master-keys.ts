import { checkSignature, newMasterKey, type ReadStatement, readStatement } from '@chartkey/rules';
import { type ApprovalRequest, Failure, instantAt, type P256Key } from '@chartkey/vocabulary';
import type { RecordsTransaction } from './transaction.ts';

/**
 * Puts a new master key in an organisation's former one's place; the former one's statements stand.
 * @param statement the rotation, or the replacement that the others approved
 */
export async function succeed(
  { world, time }: RecordsTransaction,
  organisation: string,
  key: P256Key,
  { statement, approvals = [] }: { statement: string; approvals?: string[] },
): Promise<void> {
  const successions = (await world.masterKeys.find(organisation))?.successions ?? [];
  const next = { statement, approvals, at: instantAt(time) };
  world.masterKeys.put({ key, successions: [...successions, next] }, organisation);
}

/**
 * What a request to replace a master key asks of each approval: the member's own master key made it.
 * @throws Failure NOT_AN_APPROVER for a practitioner's key; SIGNATURE_INVALID
 */
export async function checkIsByMaster(tx: RecordsTransaction, statement: ReadStatement): Promise<void> {
  const { genesis } = await tx.network();
  const isMember = genesis.organisations.some(({ id }) => id === statement.payload.iss);
  if (!isMember) throw new Failure('NOT_AN_APPROVER');
  const { masterKey, network } = await tx.signers();
  checkSignature(statement, await masterKey(statement.payload.iss, statement.kid), network, tx.checks);
}

/** What enough members have approved comes about with the last approval. */
export async function replaceMasterKey(
  tx: RecordsTransaction,
  { subject, approvals, status }: ApprovalRequest,
): Promise<void> {
  if (subject.kind !== 'master-key' || status !== 'granted') return;
  const { organisation, replacement: id } = subject;
  const stored = await tx.world.statements.require(id);
  const { network } = await tx.network();
  const replacement = readStatement(stored.statement, 'replaceMasterKey');
  const { sig } = newMasterKey(replacement, { network, time: undefined, checks: tx.checks });
  const others = approvals.map(({ statement }) => statement).filter((statement) => statement !== id);
  await succeed(tx, organisation, sig, { statement: id, approvals: others });
}
