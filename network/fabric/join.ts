import type { Administration } from './administration.ts';
import type { CareNode } from './plan.ts';

/** Has every orderer and then every peer join the channel; who has joined already stays. */
export async function createChannel(administration: Administration, block: string): Promise<void> {
  const { nodes } = administration.plan;
  await Promise.all(nodes.map((node) => joinOrderer(administration, node, block)));
  await Promise.all(nodes.map((node) => joinPeer(administration, node, block)));
}

async function joinOrderer(administration: Administration, node: CareNode, block: string): Promise<void> {
  const { channel } = administration.plan.consortium;
  const listed = await administration.orderer(node, ['channel', 'list']);
  if (listed.includes(`"name": "${channel}"`)) return;
  const words = ['channel', 'join', '--channelID', channel, '--config-block', block];
  const said = await administration.orderer(node, words);
  if (!said.includes('Status: 201')) throw new Error(`osnadmin channel join: ${said.trim()}`);
}

async function joinPeer(administration: Administration, node: CareNode, block: string): Promise<void> {
  const { channel } = administration.plan.consortium;
  const joined = await administration.peer(node, ['channel', 'list']);
  if (joined.split('\n').includes(channel)) return;
  await administration.peer(node, ['channel', 'join', '-b', block]);
}
