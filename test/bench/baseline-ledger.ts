import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  EmbeddedUnderneath,
  FabricUnderneath,
  findPrograms,
  type LedgerAccess,
  type ProcessOrder,
  type RunningProcess,
  startProcess,
  stopProcess,
  type Underneath,
} from '@chartkey/network';
import type { LedgerKind } from '@chartkey/vocabulary';
import { persistently, type RawClient, rawClient } from './raw-client.ts';

const CHAINCODE = join(import.meta.dirname, 'chaincode');

/** A ledger with the usual designs as its chaincode. */
export interface Baseline {
  dataDir: string;
  access(organisation: string): LedgerAccess;
  /** fabric-gateway with its stock signer, as an organisation */
  connect(organisation: string): RawClient;
  remove(): Promise<void>;
}

export async function openBaseline(
  ledger: LedgerKind,
  portBase: number,
  around = (underneath: Underneath) => underneath,
): Promise<Baseline> {
  const folder = mkdtempSync(join(tmpdir(), 'chartkey-bench-'));
  const running: RunningProcess[] = [];
  const remove = async () => {
    for (const one of running.reverse()) await stopProcess(one);
    rmSync(folder, { recursive: true, force: true });
  };
  const run = (order: ProcessOrder) => {
    // Fabric keeps a key's history by default; the demo's peers do not, since nothing of ours asks for it.
    const env = { ...order.env, CORE_LEDGER_HISTORY_ENABLEHISTORYDATABASE: 'true' };
    const started = startProcess(
      order.name.startsWith('peer-') ? { ...order, env } : order,
      join(folder, 'logs'),
    );
    running.push(started);
    return started.ready;
  };
  try {
    const underneath = around(await underneathFor(ledger, folder, portBase));
    await underneath.start({ run, begin: () => undefined });
    const access = (organisation: string) => underneath.access(organisation);
    const connect = (organisation: string) => rawClient(access(organisation), organisation);
    const first = connect('RiversideMSP');
    await persistently(first.contract, 'nothing:pass').finally(() => first.close());
    return { dataDir: folder, access, connect, remove };
  } catch (error) {
    await remove();
    throw error;
  }
}

async function underneathFor(ledger: LedgerKind, folder: string, portBase: number): Promise<Underneath> {
  if (ledger === 'embedded') return new EmbeddedUnderneath(folder, portBase, CHAINCODE);
  const answers = async (organisation: string, access: LedgerAccess) => {
    const client = rawClient(access, organisation);
    await client.contract
      .newProposal('nothing:pass')
      .endorse()
      .finally(() => client.close());
  };
  const served = { folder: CHAINCODE, version: digestOf(join(CHAINCODE, 'dist')), answers };
  return new FabricUnderneath(folder, portBase, await findPrograms(), { served });
}

function digestOf(folder: string): string {
  const hash = createHash('sha256');
  const scripts = readdirSync(folder).filter((name) => name.endsWith('.js'));
  for (const name of scripts.sort()) hash.update(readFileSync(join(folder, name)));
  return hash.digest('hex');
}
