import { common, msp } from '@hyperledger/fabric-protos';
import type { Orderer } from './block.ts';
import { makeBlock } from './block.ts';
import type { ChannelMember } from './membership.ts';

/** Block 0: a configuration transaction that names the members and their root certificates. */
export function makeGenesisBlock(
  channel: string,
  members: readonly ChannelMember[],
  orderer: Orderer,
): common.Block {
  const application = new common.ConfigGroup();
  for (const member of members) application.getGroupsMap().set(member.mspId, memberGroup(member));
  const root = new common.ConfigGroup();
  root.getGroupsMap().set('Application', application);
  const config = new common.Config();
  config.setChannelGroup(root);
  const configEnvelope = new common.ConfigEnvelope();
  configEnvelope.setConfig(config);
  const channelHeader = new common.ChannelHeader();
  channelHeader.setType(common.HeaderType.CONFIG);
  channelHeader.setChannelId(channel);
  const header = new common.Header();
  header.setChannelHeader(channelHeader.serializeBinary());
  const payload = new common.Payload();
  payload.setHeader(header);
  payload.setData(configEnvelope.serializeBinary());
  const envelope = new common.Envelope();
  envelope.setPayload(payload.serializeBinary());
  const envelopes = [envelope.serializeBinary()];
  return makeBlock({ number: 0, previousHash: new Uint8Array(), envelopes, codes: [0] }, orderer);
}

function memberGroup(member: ChannelMember): common.ConfigGroup {
  const fabric = new msp.FabricMSPConfig();
  fabric.setName(member.mspId);
  fabric.addRootCerts(Buffer.from(member.authority));
  const config = new msp.MSPConfig();
  config.setConfig(fabric.serializeBinary());
  const value = new common.ConfigValue();
  value.setValue(config.serializeBinary());
  const group = new common.ConfigGroup();
  group.getValuesMap().set('MSP', value);
  return group;
}
