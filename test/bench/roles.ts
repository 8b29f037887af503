import { readFileSync } from 'node:fs';
import type { ConsortiumRun } from '@chartkey/network';

/** What a process does in a consortium; on the embedded ledger one process is every peer and orderer. */
export type ProcessRole = 'gateway' | 'follower' | 'chaincode' | 'ledger' | 'peer' | 'orderer';

/** Whose gateway is asked; the others only follow the blocks. */
const ASKED = 'RiversideMSP';

function roleOf(name: string): ProcessRole {
  if (name.startsWith('chaincode')) return 'chaincode';
  if (name.startsWith('peer-')) return 'peer';
  if (name.startsWith('orderer-')) return 'orderer';
  if (name === 'ledger') return 'ledger';
  return name === ASKED ? 'gateway' : 'follower';
}

/** Processor seconds that each role of a consortium has used so far, all of its processes together (Linux). */
export function processorSeconds(run: ConsortiumRun): Map<ProcessRole, number> {
  const sums = new Map<ProcessRole, number>();
  for (const [name, { child }] of run.processes) {
    const text = readFileSync(`/proc/${child.pid}/stat`, 'utf8');
    const [user, system] = text
      .slice(text.lastIndexOf(')') + 2)
      .split(' ')
      .slice(11, 13);
    const role = roleOf(name);
    sums.set(role, (sums.get(role) ?? 0) + (Number(user) + Number(system)) / 100);
  }
  return sums;
}
