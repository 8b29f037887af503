import { common, ledger, peer } from '@hyperledger/fabric-protos';

const EMPTY = new Uint8Array();

/** Payload and channel header of a serialised envelope. */
export function openEnvelope(bytes: Uint8Array): {
  payload: common.Payload;
  channelHeader: common.ChannelHeader;
} {
  const envelope = common.Envelope.deserializeBinary(bytes);
  const payload = common.Payload.deserializeBinary(envelope.getPayload_asU8());
  const header = payload.getHeader()?.getChannelHeader_asU8() ?? EMPTY;
  return { payload, channelHeader: common.ChannelHeader.deserializeBinary(header) };
}

/** The one action of a transaction. @throws when there is none or several: Fabric supports one. */
export function openAction(payload: common.Payload): peer.TransactionAction {
  const [action, ...more] = peer.Transaction.deserializeBinary(payload.getData_asU8()).getActionsList();
  if (!action || more.length > 0) throw new Error('only one action per transaction is supported');
  return action;
}

/** What the endorsers signed. */
export function openResponse(action: peer.ChaincodeActionPayload): peer.ProposalResponsePayload {
  return peer.ProposalResponsePayload.deserializeBinary(
    action.getAction()?.getProposalResponsePayload_asU8() ?? EMPTY,
  );
}

/** What the chaincode did: response, event, read-write set. */
export function openChaincodeAction(action: peer.ChaincodeActionPayload): peer.ChaincodeAction {
  return peer.ChaincodeAction.deserializeBinary(openResponse(action).getExtension_asU8());
}

/** The read-write set of the first namespace, and the names of all. */
export function openSet(action: peer.ChaincodeAction) {
  const sets = ledger.rwset.TxReadWriteSet.deserializeBinary(action.getResults_asU8()).getNsRwsetList();
  const set = ledger.rwset.kvrwset.KVRWSet.deserializeBinary(sets[0]?.getRwset_asU8() ?? EMPTY);
  return { set, namespaces: sets.map((one) => one.getNamespace()) };
}

/** The chaincode's action in a payload that was found well-formed before. */
export function committedAction(payload: common.Payload): peer.ChaincodeAction {
  const action = openAction(payload);
  return openChaincodeAction(peer.ChaincodeActionPayload.deserializeBinary(action.getPayload_asU8()));
}
