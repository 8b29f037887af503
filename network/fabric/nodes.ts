import { chaincodeOrder } from '../demo/embedded-underneath.ts';
import type { ProcessOrder } from '../demo/processes.ts';
import { packagesOf } from './chaincode-package.ts';
import { nodeLogging, writeNodeConfigs } from './node-config.ts';
import type { CareNode, FabricPlan } from './plan.ts';
import type { Programs } from './programs.ts';
import type { ServedChaincode } from './served-chaincode.ts';

/** How a care member's orderer, peer and chaincode process are started on this machine. */
export function nodeOrders(
  plan: FabricPlan,
  programs: Programs,
  served: ServedChaincode,
  node: CareNode,
): ProcessOrder[] {
  const { label } = node.member;
  const folders = writeNodeConfigs(plan, node, programs);
  return [
    {
      name: `orderer-${label}`,
      program: programs.path.orderer,
      arguments: [],
      env: { FABRIC_CFG_PATH: folders.orderer, ...nodeLogging },
      isReady: (line) => line.includes('Beginning to serve requests'),
    },
    {
      name: `peer-${label}`,
      program: programs.path.peer,
      arguments: ['node', 'start'],
      env: { FABRIC_CFG_PATH: folders.peer, ...nodeLogging },
      isReady: (line) => line.includes('Started peer with ID'),
    },
    servedChaincode(plan, served, node),
  ];
}

function servedChaincode(
  plan: FabricPlan,
  { folder }: ServedChaincode,
  { member, ports }: CareNode,
): ProcessOrder {
  const { id } = packagesOf(plan).get(member.id)!;
  const [server, authority] = [plan.chaincodeTls(member, 'server'), plan.chaincodeTls(member, 'ca')];
  const more = [
    ...['--chaincode-tls-cert-file', server.certificate, '--chaincode-tls-key-file', server.privateKey],
    ...['--chaincode-tls-client-cacert-file', authority.certificate],
    // A peer pings more often than grpc-js suffers by itself.
    ...['--grpc.http2.min_time_between_pings_ms', '10000'],
  ];
  const address = plan.address('chaincode', member);
  const order = chaincodeOrder(`chaincode-${member.label}`, address, id, more, folder);
  return { ...order, isReady: { listensOn: ports.chaincode } };
}
