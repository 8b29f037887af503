import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { careMembers, DEMO_CONSORTIUM, FabricUnderneath, findPrograms } from '@chartkey/network';
import {
  type ProcessOrder,
  type RunningProcess,
  startProcess,
  stopProcess,
} from '../../network/demo/processes.ts';
import { FabricPlan, onlyFileIn, onOneMachine, peerDomain } from '../../network/fabric/plan.ts';
import { freePortBase, ownFolder } from '../support/consortium.ts';
import { connectWith, NOTES } from '../support/ledger.ts';
import type { LedgerUnderTest } from './ledger-under-test.ts';

/** A Fabric network of its own, since cases stop parts of it; its one chaincode is the notes chaincode. */
export async function startOnFabric(): Promise<LedgerUnderTest> {
  const programs = await findPrograms();
  const { folder, remove } = ownFolder();
  const portBase = await freePortBase();
  const plan = new FabricPlan(folder, DEMO_CONSORTIUM, onOneMachine(portBase));
  const answers = async (organisation: string) => {
    const { contract, close } = connectWith(plan.access(organisation), organisation);
    await contract.newProposal('noop').endorse().finally(close);
  };
  const version = createHash('sha256')
    .update(readFileSync(join(NOTES, 'index.js')))
    .digest('hex');
  const underneath = new FabricUnderneath(folder, portBase, programs, {
    served: { folder: NOTES, version, answers },
  });
  const processes = new Map<string, RunningProcess & { order: ProcessOrder }>();
  const run = (order: ProcessOrder) => {
    const running = startProcess(order, join(folder, 'logs'));
    processes.set(order.name, { ...running, order });
    return running.ready;
  };
  const named = (prefix: string) => [...processes.values()].filter(({ name }) => name.startsWith(prefix));
  const kill = async ({ child, ended }: RunningProcess) => {
    child.kill('SIGKILL');
    await ended;
  };
  const again = async (prefix: string) => {
    await Promise.all(named(prefix).map(kill));
    await Promise.all(named(prefix).map(({ order }) => run(order)));
  };
  const stop = async () => {
    await Promise.all([...processes.values()].map(stopProcess));
    remove();
  };
  await underneath.start({ run, begin: () => undefined }).catch(async (error: unknown) => {
    await stop();
    throw error;
  });
  return {
    version: programs.version,
    access: (organisation) => plan.access(organisation),
    credential: (organisation, whose) => {
      const member = DEMO_CONSORTIUM.members.find(({ id }) => id === organisation)!;
      const read = (certificate: string, key: string) => ({
        certificate: readFileSync(certificate, 'utf8'),
        privateKey: readFileSync(key, 'utf8'),
      });
      if (whose === 'client') {
        const { certificate, privateKey } = plan.access(organisation);
        return read(certificate, privateKey);
      }
      const domain = peerDomain(member);
      const authority = join(plan.peerOrganisation(member), 'ca');
      if (whose === 'authority')
        return read(join(authority, `ca.${domain}-cert.pem`), join(authority, 'priv_sk'));
      const msp = join(plan.peerFolder(member), 'msp');
      return read(join(msp, 'signcerts', `peer0.${domain}-cert.pem`), onlyFileIn(join(msp, 'keystore')));
    },
    killChaincode: async () => {
      await Promise.all(named('chaincode-').map(kill));
    },
    startChaincode: async () => {
      await again('chaincode-');
      for (const { id } of careMembers(DEMO_CONSORTIUM)) await untilItWorks(() => answers(id));
    },
    restartOrderers: async () => {
      await again('orderer-');
      const { contract, close } = connectWith(plan.access('RiversideMSP'), 'RiversideMSP');
      await untilItWorks(() => contract.submitTransaction('noop')).finally(close);
    },
    leavePeersOf: async (organisations) => {
      const leaving = careMembers(DEMO_CONSORTIUM).filter(({ id }) => !organisations.includes(id));
      await Promise.all(leaving.map(({ label }) => kill(processes.get(`peer-${label}`)!)));
    },
    stop,
  };
}

async function untilItWorks(work: () => Promise<unknown>): Promise<void> {
  for (let left = 100; ; left -= 1) {
    try {
      await work();
      return;
    } catch (error) {
      if (left === 0) throw error;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }
}
