import { createPrivateKey } from 'node:crypto';
import { common, ledger, msp, peer } from '@hyperledger/fabric-protos';
import { signLowS } from '../../network/embedded/signature.ts';
import { CARE, type Callers } from './callers.ts';

/** An envelope taken apart; every part may be changed before it is put together again. */
export interface Parts {
  payload: common.Payload;
  channelHeader: common.ChannelHeader;
  signatureHeader: common.SignatureHeader;
  extension: peer.ChaincodeHeaderExtension;
  transaction: peer.Transaction;
  action: peer.TransactionAction;
  actionPayload: peer.ChaincodeActionPayload;
  endorsed: peer.ChaincodeEndorsedAction;
  response: peer.ProposalResponsePayload;
  chaincodeAction: peer.ChaincodeAction;
}

export function takeApart(envelope: common.Envelope): Parts {
  const payload = common.Payload.deserializeBinary(envelope.getPayload_asU8());
  const header = payload.getHeader()!;
  const channelHeader = common.ChannelHeader.deserializeBinary(header.getChannelHeader_asU8());
  const transaction = peer.Transaction.deserializeBinary(payload.getData_asU8());
  const action = transaction.getActionsList()[0]!;
  const actionPayload = peer.ChaincodeActionPayload.deserializeBinary(action.getPayload_asU8());
  const endorsed = actionPayload.getAction()!;
  const response = peer.ProposalResponsePayload.deserializeBinary(endorsed.getProposalResponsePayload_asU8());
  return {
    payload,
    channelHeader,
    signatureHeader: common.SignatureHeader.deserializeBinary(header.getSignatureHeader_asU8()),
    extension: peer.ChaincodeHeaderExtension.deserializeBinary(channelHeader.getExtension_asU8()),
    transaction,
    action,
    actionPayload,
    endorsed,
    response,
    chaincodeAction: peer.ChaincodeAction.deserializeBinary(response.getExtension_asU8()),
  };
}

/** Changes what endorsers said and has three members' peers sign it, as if they all had lied. */
export function forge(
  callers: Callers,
  envelope: common.Envelope,
  change: (parts: Parts) => void,
): common.Envelope {
  const parts = takeApart(envelope);
  change(parts);
  parts.response.setExtension$(parts.chaincodeAction.serializeBinary());
  return signAgain(callers, envelope, parts, parts.response.serializeBinary());
}

/** The same with bytes of any kind in the place of what endorsers said. */
export function forgeResponse(
  callers: Callers,
  envelope: common.Envelope,
  bytes: Uint8Array,
): common.Envelope {
  return signAgain(callers, envelope, takeApart(envelope), bytes);
}

function signAgain(callers: Callers, envelope: common.Envelope, parts: Parts, response: Uint8Array) {
  parts.endorsed.setProposalResponsePayload(response);
  parts.endorsed.setEndorsementsList(
    CARE.slice(0, 3).map((organisation) => endorsement(callers, organisation, 'peer', response)),
  );
  return putTogether(envelope, parts);
}

/** A signature over what endorsers sign, by any credential of an organisation. */
export function endorsement(
  callers: Callers,
  organisation: string,
  whose: 'client' | 'peer',
  response: Uint8Array,
): peer.Endorsement {
  const { certificate, privateKey } = callers.ledger.credential(organisation, whose);
  const identity = new msp.SerializedIdentity();
  identity.setMspid(organisation);
  identity.setIdBytes(Buffer.from(certificate));
  const made = new peer.Endorsement();
  made.setEndorser(identity.serializeBinary());
  const signed = Buffer.concat([response, made.getEndorser_asU8()]);
  made.setSignature(signLowS(createPrivateKey(privateKey), signed));
  return made;
}

/** Changes an envelope's outer parts and leaves what endorsers signed as it is. */
export function change(envelope: common.Envelope, edit: (parts: Parts) => void): common.Envelope {
  const parts = takeApart(envelope);
  edit(parts);
  return putTogether(envelope, parts);
}

function putTogether(envelope: common.Envelope, parts: Parts): common.Envelope {
  parts.actionPayload.setAction(parts.endorsed);
  parts.action.setPayload(parts.actionPayload.serializeBinary());
  if (parts.transaction.getActionsList().length === 1) parts.transaction.setActionsList([parts.action]);
  parts.payload.setData(parts.transaction.serializeBinary());
  parts.payload.getHeader()!.setChannelHeader(parts.channelHeader.serializeBinary());
  parts.payload.getHeader()!.setSignatureHeader(parts.signatureHeader.serializeBinary());
  envelope.setPayload(parts.payload.serializeBinary());
  return envelope;
}

/** What a chaincode wants written in its own namespace; Fabric's own are beside it. */
export function writesIn(action: peer.ChaincodeAction): ledger.rwset.kvrwset.KVWrite[] {
  const sets = ledger.rwset.TxReadWriteSet.deserializeBinary(action.getResults_asU8()).getNsRwsetList();
  const own = sets.find((set) => set.getNamespace() === 'records')!;
  return ledger.rwset.kvrwset.KVRWSet.deserializeBinary(own.getRwset_asU8()).getWritesList();
}

/** A write to a key of a chaincode's namespace, in a read-write set of its own. */
export function namespaceWrite(namespace: string, key: string): ledger.rwset.NsReadWriteSet {
  const write = new ledger.rwset.kvrwset.KVWrite();
  write.setKey(key);
  write.setValue(Buffer.from('x'));
  const set = new ledger.rwset.kvrwset.KVRWSet();
  set.addWrites(write);
  const named = new ledger.rwset.NsReadWriteSet();
  named.setNamespace(namespace);
  named.setRwset(set.serializeBinary());
  return named;
}
