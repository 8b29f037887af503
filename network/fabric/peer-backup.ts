import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { syncFolder, writeDurably } from '../durable-file.ts';
import type { CareNode, FabricPlan } from './plan.ts';
import { runProgram } from './programs.ts';

/** Lies in a peer's data folder and says whose it is. */
const LABEL = 'backup-of';
const labelOf = ({ consortium }: FabricPlan, { member }: CareNode) =>
  `${member.id} on ${consortium.channel}\n`;

/**
 * A stopped peer's ledger, chaincode packages and node state in one archive, its owner's alone to read: the
 * ledger is in it, and the key that the peer shows to its chaincode. The peer's own keys are not.
 * @throws Error in one line when the file is there, or could not be written whole
 */
export async function backUp(plan: FabricPlan, node: CareNode, file: string): Promise<void> {
  if (existsSync(file)) throw new Error(`${file} is there already and is not written over.`);
  const data = plan.peerData(node.member);
  if (!existsSync(data)) throw new Error(`${node.member.name}’s peer has no data yet: ${data}.`);
  if (!existsSync(dirname(resolve(file)))) throw new Error(`There is no folder ${dirname(resolve(file))}.`);
  const unfinished = `${resolve(file)}.unfinished`;
  writeDurably(join(data, LABEL), labelOf(plan, node), 0o600);
  rmSync(unfinished, { force: true });
  writeFileSync(unfinished, '', { mode: 0o600, flag: 'wx' });
  await runProgram('tar', ['--create', '--gzip', '--file', unfinished, '--directory', data, '.'], {});
  renameSync(unfinished, file);
  syncFolder(dirname(resolve(file)));
}

/** Puts a backup in place of a peer's data, which must have been moved away. What came later it fetches. */
export async function restore(plan: FabricPlan, node: CareNode, file: string): Promise<void> {
  if (!existsSync(file)) throw new Error(`There is no backup at ${file}.`);
  const data = plan.peerData(node.member);
  if (existsSync(data)) throw new Error(`${node.member.name}’s peer has data: move ${data} away first.`);
  const unfinished = `${data}.unfinished`;
  rmSync(unfinished, { recursive: true, force: true });
  mkdirSync(unfinished, { recursive: true, mode: 0o700 });
  try {
    await runProgram('tar', ['--extract', '--gzip', '--file', resolve(file), '--directory', unfinished], {});
    if (readFileSync(join(unfinished, LABEL), 'utf8') !== labelOf(plan, node)) throw new Error('another');
  } catch {
    rmSync(unfinished, { recursive: true, force: true });
    throw new Error(`${file} is no backup of ${node.member.name}’s peer.`);
  }
  renameSync(unfinished, data);
  syncFolder(dirname(data));
}
