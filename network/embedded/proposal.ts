import { createHash } from 'node:crypto';
import { common, peer } from '@hyperledger/fabric-protos';
import { decode } from './failure.ts';

/** Named in each transaction, as a chaincode definition's version is; nobody checks it. */
export const CHAINCODE_VERSION = '1.0';

/** A signed proposal, taken apart once. */
export interface Proposal {
  readonly signed: peer.SignedProposal;
  readonly header: common.Header;
  readonly channelHeader: common.ChannelHeader;
  readonly signatureHeader: common.SignatureHeader;
  readonly channel: string;
  readonly txId: string;
  /** Name of the chaincode called; empty when the proposal names none. */
  readonly chaincode: string;
  readonly input: peer.ChaincodeInput | undefined;
  /** The proposal's payload as it goes into a block: without transient data. */
  readonly publicPayload: Uint8Array;
}

/** Takes a proposal apart. @throws an Error with Fabric's words when it is not one. */
export function parseProposal(signed: peer.SignedProposal | undefined): Proposal {
  const bytes = signed?.getProposalBytes_asU8();
  if (!signed || !bytes?.length) throw new Error('a signed proposal is required');
  const bad = 'error unmarshalling';
  const proposal = decode(peer.Proposal, bytes, `${bad} Proposal`);
  const header = decode(common.Header, proposal.getHeader_asU8(), `${bad} Header`);
  const channelHeader = decode(common.ChannelHeader, header.getChannelHeader_asU8(), `${bad} ChannelHeader`);
  const signatureHeader = decode(
    common.SignatureHeader,
    header.getSignatureHeader_asU8(),
    `${bad} SignatureHeader`,
  );
  const payload = decode(
    peer.ChaincodeProposalPayload,
    proposal.getPayload_asU8(),
    `${bad} ChaincodeProposalPayload`,
  );
  const input = payload.getInput_asU8();
  const invocation = decode(peer.ChaincodeInvocationSpec, input, `${bad} ChaincodeInvocationSpec`);
  const spec = invocation.getChaincodeSpec();
  const publicPayload = new peer.ChaincodeProposalPayload();
  publicPayload.setInput(input);
  return {
    signed,
    header,
    channelHeader,
    signatureHeader,
    channel: channelHeader.getChannelId(),
    txId: channelHeader.getTxId(),
    chaincode: spec?.getChaincodeId()?.getName() ?? '',
    input: spec?.getInput(),
    publicPayload: publicPayload.serializeBinary(),
  };
}

/** Binds endorsements to a proposal: SHA-256 over both headers and the payload that goes into a block. */
export function proposalHash(
  channelHeader: Uint8Array,
  signatureHeader: Uint8Array,
  payload: Uint8Array,
): Buffer {
  return createHash('sha256').update(channelHeader).update(signatureHeader).update(payload).digest();
}

/** Fabric's transaction id: hex SHA-256 of nonce and creator. */
export function transactionId(nonce: Uint8Array, creator: Uint8Array): string {
  return createHash('sha256').update(nonce).update(creator).digest('hex');
}

/** The envelope a client signs to submit: the proposal's header and one endorsed action. */
export function assembleTransaction(
  proposal: Proposal,
  responsePayload: Uint8Array,
  endorsements: readonly peer.Endorsement[],
): common.Envelope {
  const endorsed = new peer.ChaincodeEndorsedAction();
  endorsed.setProposalResponsePayload(responsePayload);
  endorsed.setEndorsementsList([...endorsements]);
  const actionPayload = new peer.ChaincodeActionPayload();
  actionPayload.setChaincodeProposalPayload(proposal.publicPayload);
  actionPayload.setAction(endorsed);
  const action = new peer.TransactionAction();
  action.setHeader(proposal.header.getSignatureHeader_asU8());
  action.setPayload(actionPayload.serializeBinary());
  const transaction = new peer.Transaction();
  transaction.addActions(action);
  const payload = new common.Payload();
  payload.setHeader(proposal.header);
  payload.setData(transaction.serializeBinary());
  const envelope = new common.Envelope();
  envelope.setPayload(payload.serializeBinary());
  return envelope;
}
