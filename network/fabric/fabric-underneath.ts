import { DEMO_CONSORTIUM } from '../consortium.ts';
import type { Starter, Underneath } from '../demo/underneath.ts';
import type { LedgerAccess } from '../ledger-access.ts';
import { bringUp } from './bring-up.ts';
import { makeChannel } from './channel.ts';
import { makeCrypto } from './crypto.ts';
import { nodeOrders } from './nodes.ts';
import { FabricPlan, type NodePlaces, onOneMachine } from './plan.ts';
import type { Programs } from './programs.ts';
import { recordsChaincode, type ServedChaincode } from './served-chaincode.ts';

export interface FabricOptions {
  /** ours, when absent */
  served?: ServedChaincode;
  listensAt?: NodePlaces['listensAt'];
}

/** Fabric v3 on this machine: an orderer, a peer and a chaincode process for each care member. */
export class FabricUnderneath implements Underneath {
  readonly kind = 'fabric';
  private readonly plan: FabricPlan;
  private readonly served: ServedChaincode;

  constructor(
    dataDir: string,
    portBase: number,
    private readonly programs: Programs,
    { served = recordsChaincode(), listensAt }: FabricOptions = {},
  ) {
    this.served = served;
    this.plan = new FabricPlan(dataDir, DEMO_CONSORTIUM, onOneMachine(portBase, listensAt));
  }

  get ports(): readonly number[] {
    return this.plan.ports;
  }

  access(organisation: string): LedgerAccess {
    return this.plan.access(organisation);
  }

  async start({ run, begin }: Starter): Promise<void> {
    const { plan, programs, served } = this;
    begin('keys and certificates');
    await makeCrypto(plan, programs);
    begin('the channel’s first block');
    const block = await makeChannel(plan, programs);
    const many = plan.nodes.length;
    begin(`${many} orderers, ${many} peers, ${many} chaincode processes`);
    const orders = plan.nodes.flatMap((node) => nodeOrders(plan, programs, served, node));
    await Promise.all(orders.map((order) => run(order)));
    await bringUp(plan, programs, block, begin, served);
  }
}
