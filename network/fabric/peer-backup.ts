import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { syncFolder } from '../durable-file.ts';
import type { CareNode, FabricPlan } from './plan.ts';
import { runProgram } from './programs.ts';

/**
 * A stopped peer's ledger, chaincode packages and node state in one archive. No keys: those are the
 * member's to keep apart.
 * @throws Error in one line when the file is there, or could not be written whole
 */
export async function backUp(plan: FabricPlan, node: CareNode, file: string): Promise<void> {
  if (existsSync(file)) throw new Error(`${file} is there already and is not written over.`);
  const data = plan.peerData(node.member);
  if (!existsSync(data)) throw new Error(`${node.member.name}’s peer has no data yet: ${data}.`);
  const unfinished = `${resolve(file)}.unfinished`;
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
  await runProgram('tar', ['--extract', '--gzip', '--file', resolve(file), '--directory', unfinished], {});
  renameSync(unfinished, data);
  syncFolder(dirname(data));
}
