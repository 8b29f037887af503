import { queries, RunningCode } from '@chartkey/vocabulary';
import { isListening } from '../demo/processes.ts';
import { connectTo } from '../ledger-access.ts';
import type { Administration } from './administration.ts';
import { Deployment } from './deploy.ts';
import { endingCertificates } from './expiry.ts';
import { ordererHeight } from './orderer-height.ts';
import type { CareNode } from './plan.ts';

/** What runs, how far it is, and what stands on the channel; a line each. Nothing here changes anything. */
export async function statusOf(administration: Administration): Promise<string[]> {
  const { nodes } = administration.plan;
  const lines = await Promise.all(nodes.map((node) => nodeStatus(administration, node)));
  return [...lines, ...(await chaincodeStatus(administration))];
}

async function nodeStatus(administration: Administration, node: CareNode): Promise<string> {
  const { channel } = administration.plan.consortium;
  const [orderer, peer, chaincode] = await Promise.all([
    ordererHeight(administration.plan, node).then(
      (height) => `orderer ${height === undefined ? 'down' : height || 'in no channel'}`,
    ),
    administration.peer(node, ['channel', 'getinfo', '-c', channel]).then(
      (said) => `peer ${/"height":(\d+)/.exec(said)?.[1] ?? '?'}`,
      async () => ((await isListening(node.ports.peer)) ? 'peer in no channel' : 'peer down'),
    ),
    isListening(node.ports.chaincode).then((up) => `chaincode ${up ? 'up' : 'down'}`),
  ]);
  const ending = endingCertificates(administration.plan, node);
  const word = ending.length > 0 ? `; ${ending.length} certificates end within a month or have ended` : '';
  return `${node.member.name}: ${orderer}, ${peer}, ${chaincode}${word}`;
}

async function chaincodeStatus(administration: Administration): Promise<string[]> {
  const { plan } = administration;
  const standing = await new Deployment(administration).committed().catch(() => undefined);
  const { chaincode } = plan.consortium;
  if (!standing) return [`${chaincode}: not deployed, or not to be learned from the first member’s peer`];
  const runs = await Promise.all(
    plan.nodes.map(async ({ member }) => {
      const ledger = connectTo(plan.access(member.id), member.id);
      const digest = await ledger
        .evaluate(queries.runningCode)
        .then((said) => RunningCode.parse(said).digest)
        .catch(() => undefined)
        .finally(() => ledger.close());
      const verdict = digest === undefined ? 'unknown' : digest === standing.version ? 'as approved' : digest;
      return `${member.label} ${verdict}`;
    }),
  );
  return [
    `${chaincode}: sequence ${standing.sequence}, version ${standing.version}`,
    `runs: ${runs.join(', ')}`,
  ];
}
