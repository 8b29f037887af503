import { common, orderer, peer } from '@hyperledger/fabric-protos';
import { transactionId } from '../../network/embedded/proposal.ts';

/** What a proposal says; whatever is left out is as it should be. */
export interface RawProposal {
  readonly args: readonly string[];
  readonly channel?: string;
  readonly chaincode?: string;
  readonly txId?: string;
  readonly nonce?: Uint8Array;
  readonly type?: number;
  readonly epoch?: number;
  readonly time?: Date;
  readonly sign?: (bytes: Uint8Array) => Uint8Array;
  readonly transient?: Record<string, Uint8Array>;
}

/** Which blocks are asked of Deliver; positions are block numbers or the orderer's words. */
export interface RawSeek {
  readonly start: SeekTo | undefined;
  readonly stop: SeekTo | undefined;
  readonly channel?: string;
  readonly failIfNotReady?: boolean;
  readonly time?: Date;
  readonly sign?: (bytes: Uint8Array) => Uint8Array;
}

export type SeekTo = number | 'oldest' | 'newest' | 'next';

export function proposalMessage(
  proposal: RawProposal,
  creator: Uint8Array,
  nonce: Uint8Array,
): peer.Proposal {
  const id = new peer.ChaincodeID();
  id.setName(proposal.chaincode ?? 'records');
  const extension = new peer.ChaincodeHeaderExtension();
  extension.setChaincodeId(id);
  const channelHeader = headerAt(proposal.time ?? new Date());
  channelHeader.setType((proposal.type ?? common.HeaderType.ENDORSER_TRANSACTION) as 3);
  channelHeader.setChannelId(proposal.channel ?? 'records');
  channelHeader.setEpoch(proposal.epoch ?? 0);
  channelHeader.setTxId(proposal.txId ?? transactionId(nonce, creator));
  channelHeader.setExtension$(extension.serializeBinary());
  const input = new peer.ChaincodeInput();
  input.setArgsList(proposal.args.map((arg) => Buffer.from(arg)));
  const spec = new peer.ChaincodeSpec();
  spec.setChaincodeId(id);
  spec.setInput(input);
  const invocation = new peer.ChaincodeInvocationSpec();
  invocation.setChaincodeSpec(spec);
  const payload = new peer.ChaincodeProposalPayload();
  payload.setInput(invocation.serializeBinary());
  for (const [name, value] of Object.entries(proposal.transient ?? {})) {
    payload.getTransientmapMap().set(name, value);
  }
  const result = new peer.Proposal();
  result.setHeader(header(channelHeader, creator, nonce).serializeBinary());
  result.setPayload(payload.serializeBinary());
  return result;
}

/** The payload of an envelope that asks for blocks. */
export function seekMessage(seek: RawSeek, creator: Uint8Array, nonce: Uint8Array): common.Payload {
  const info = new orderer.SeekInfo();
  info.setStart(position(seek.start));
  info.setStop(position(seek.stop));
  const { BLOCK_UNTIL_READY, FAIL_IF_NOT_READY } = orderer.SeekInfo.SeekBehavior;
  info.setBehavior(seek.failIfNotReady ? FAIL_IF_NOT_READY : BLOCK_UNTIL_READY);
  const channelHeader = headerAt(seek.time ?? new Date());
  channelHeader.setType(common.HeaderType.DELIVER_SEEK_INFO);
  channelHeader.setChannelId(seek.channel ?? 'records');
  const payload = new common.Payload();
  payload.setHeader(header(channelHeader, creator, nonce));
  payload.setData(info.serializeBinary());
  return payload;
}

function position(to: SeekTo | undefined): orderer.SeekPosition | undefined {
  if (to === undefined) return undefined;
  const seek = new orderer.SeekPosition();
  if (to === 'oldest') seek.setOldest(new orderer.SeekOldest());
  else if (to === 'newest') seek.setNewest(new orderer.SeekNewest());
  else if (to === 'next') seek.setNextCommit(new orderer.SeekNextCommit());
  else {
    const specified = new orderer.SeekSpecified();
    specified.setNumber(to);
    seek.setSpecified(specified);
  }
  return seek;
}

function header(channelHeader: common.ChannelHeader, creator: Uint8Array, nonce: Uint8Array): common.Header {
  const signatureHeader = new common.SignatureHeader();
  signatureHeader.setNonce(nonce);
  signatureHeader.setCreator(creator);
  const made = new common.Header();
  made.setChannelHeader(channelHeader.serializeBinary());
  made.setSignatureHeader(signatureHeader.serializeBinary());
  return made;
}

/** An empty channel header with a time: the message class for times is not among Fabric's. */
function headerAt(time: Date): common.ChannelHeader {
  let rest = Math.floor(time.getTime() / 1000);
  const seconds: number[] = [];
  for (; rest >= 0x80; rest = Math.floor(rest / 128)) seconds.push((rest & 0x7f) | 0x80);
  const timestamp = [0x08, ...seconds, rest];
  return common.ChannelHeader.deserializeBinary(Uint8Array.from([0x1a, timestamp.length, ...timestamp]));
}
