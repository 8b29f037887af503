import { common, ledger, peer } from '@hyperledger/fabric-protos';
import { openAction, openChaincodeAction, openResponse, openSet } from './envelope.ts';
import { type Membership, signedBy } from './membership.ts';
import { proposalHash, transactionId } from './proposal.ts';
import { verifyLowSAside } from './signature.ts';

const Code = peer.TxValidationCode;

/** What the channel asks of a transaction. */
export interface TransactionRules {
  readonly channel: string;
  readonly chaincode: string;
  readonly membership: Membership;
  /** Distinct care members that must have endorsed. */
  readonly endorsementsRequired: number;
}

/** A transaction of a block, as far as it could be read. */
export interface Transaction {
  /** Empty when even the header is unreadable. */
  readonly txId: string;
  /** VALID as far as form, creator and binding to the proposal go; endorsements are checked apart. */
  readonly code: number;
  readonly action?: peer.ChaincodeActionPayload;
  readonly set?: ledger.rwset.kvrwset.KVRWSet;
}

class Invalid extends Error {
  readonly code: number;

  constructor(code: number) {
    super(`validation code ${code}`);
    this.code = code;
  }
}

/**
 * Checks form, creator's signature, transaction id, channel and chaincode of a serialised envelope.
 * `creatorChecked` says that the signature was verified on these very bytes when they were taken in.
 */
export function readTransaction(
  bytes: Uint8Array,
  rules: TransactionRules,
  creatorChecked = false,
): Transaction {
  let txId = '';
  try {
    const envelope = attempt(Code.INVALID_OTHER_REASON, () => common.Envelope.deserializeBinary(bytes));
    const payload = attempt(Code.BAD_PAYLOAD, () =>
      common.Payload.deserializeBinary(envelope.getPayload_asU8()),
    );
    const header = attempt(Code.BAD_COMMON_HEADER, () => readHeader(payload));
    txId = header.channelHeader.getTxId();
    demand(isWhole(header), Code.BAD_COMMON_HEADER);
    if (!creatorChecked) checkCreator(envelope, header.signatureHeader, rules);
    checkKind(header.channelHeader, header.signatureHeader);
    const action = attempt(Code.INVALID_ENDORSER_TRANSACTION, () => readAction(payload));
    demand(header.channelHeader.getChannelId() === rules.channel, Code.TARGET_CHAIN_NOT_FOUND);
    return { txId, code: Code.VALID, action, set: readSet(header.channelHeader, action, rules) };
  } catch (error) {
    if (error instanceof Invalid) return { txId, code: error.code };
    throw error;
  }
}

/** Verifies every endorsement and counts distinct care members: VALID or ENDORSEMENT_POLICY_FAILURE. */
export async function checkEndorsements(
  action: peer.ChaincodeActionPayload,
  rules: TransactionRules,
): Promise<number> {
  const endorsed = action.getAction();
  const payload = endorsed?.getProposalResponsePayload_asU8() ?? new Uint8Array();
  const checks = (endorsed?.getEndorsementsList() ?? []).map(async (endorsement) => {
    const creator = endorsement.getEndorser_asU8();
    const identity = rules.membership.find(creator);
    if (!identity?.care || identity.role !== 'peer') return undefined;
    const signed = Buffer.concat([payload, creator]);
    const valid = await verifyLowSAside(identity.publicKey, signed, endorsement.getSignature_asU8());
    return valid ? identity.mspId : undefined;
  });
  const endorsers = new Set((await Promise.all(checks)).filter((mspId) => mspId !== undefined));
  return endorsers.size >= rules.endorsementsRequired ? Code.VALID : Code.ENDORSEMENT_POLICY_FAILURE;
}

interface Headers {
  readonly channelHeader: common.ChannelHeader;
  readonly signatureHeader: common.SignatureHeader;
}

function readHeader(payload: common.Payload): Headers {
  const header = payload.getHeader();
  if (!header) throw new Error('nil header');
  const channelHeader = common.ChannelHeader.deserializeBinary(header.getChannelHeader_asU8());
  const signatureHeader = common.SignatureHeader.deserializeBinary(header.getSignatureHeader_asU8());
  return { channelHeader, signatureHeader };
}

function isWhole({ channelHeader, signatureHeader }: Headers): boolean {
  const { ENDORSER_TRANSACTION, CONFIG_UPDATE, CONFIG } = common.HeaderType;
  const kinds: number[] = [ENDORSER_TRANSACTION, CONFIG_UPDATE, CONFIG];
  return (
    kinds.includes(channelHeader.getType()) &&
    channelHeader.getEpoch() === 0 &&
    signatureHeader.getNonce_asU8().length > 0 &&
    signatureHeader.getCreator_asU8().length > 0
  );
}

function checkCreator(
  envelope: common.Envelope,
  header: common.SignatureHeader,
  rules: TransactionRules,
): void {
  const identity = rules.membership.find(header.getCreator_asU8());
  const signed = identity && signedBy(identity, envelope.getPayload_asU8(), envelope.getSignature_asU8());
  demand(signed === true, Code.BAD_CREATOR_SIGNATURE);
}

function checkKind(channelHeader: common.ChannelHeader, signatureHeader: common.SignatureHeader): void {
  demand(channelHeader.getType() !== common.HeaderType.CONFIG, Code.INVALID_CONFIG_TRANSACTION);
  demand(channelHeader.getType() === common.HeaderType.ENDORSER_TRANSACTION, Code.UNSUPPORTED_TX_PAYLOAD);
  const expected = transactionId(signatureHeader.getNonce_asU8(), signatureHeader.getCreator_asU8());
  demand(channelHeader.getTxId() === expected, Code.BAD_PROPOSAL_TXID);
}

/** The one action of a transaction, bound to its proposal by the proposal hash. */
function readAction(payload: common.Payload): peer.ChaincodeActionPayload {
  const action = openAction(payload);
  const signatureHeader = common.SignatureHeader.deserializeBinary(action.getHeader_asU8());
  if (!signatureHeader.getNonce_asU8().length || !signatureHeader.getCreator_asU8().length) {
    throw new Error('invalid signature header in the action');
  }
  const actionPayload = peer.ChaincodeActionPayload.deserializeBinary(action.getPayload_asU8());
  const hash = proposalHash(
    payload.getHeader()!.getChannelHeader_asU8(),
    action.getHeader_asU8(),
    actionPayload.getChaincodeProposalPayload_asU8(),
  );
  if (!hash.equals(openResponse(actionPayload).getProposalHash_asU8())) {
    throw new Error('proposal hash does not match');
  }
  return actionPayload;
}

function readSet(
  header: common.ChannelHeader,
  payload: peer.ChaincodeActionPayload,
  rules: TransactionRules,
) {
  const extension = attempt(Code.BAD_HEADER_EXTENSION, () =>
    peer.ChaincodeHeaderExtension.deserializeBinary(header.getExtension_asU8()),
  );
  const action = attempt(Code.BAD_RESPONSE_PAYLOAD, () => openChaincodeAction(payload));
  const { set, namespaces } = attempt(Code.BAD_RWSET, () => openSet(action));
  const id = action.getChaincodeId();
  demand(extension.getChaincodeId()?.getName() === rules.chaincode, Code.INVALID_CHAINCODE);
  demand(id !== undefined, Code.INVALID_OTHER_REASON);
  demand(id.getName() === rules.chaincode, Code.INVALID_CHAINCODE);
  demand(
    namespaces.every((name) => name === rules.chaincode),
    Code.INVALID_CHAINCODE,
  );
  demand(namespaces.length <= 1, Code.ILLEGAL_WRITESET);
  checkEvent(action, rules.chaincode);
  return set;
}

function checkEvent(action: peer.ChaincodeAction, chaincode: string): void {
  const bytes = action.getEvents_asU8();
  if (bytes.length === 0) return;
  const event = attempt(Code.INVALID_OTHER_REASON, () => peer.ChaincodeEvent.deserializeBinary(bytes));
  demand(event.getChaincodeId() === chaincode, Code.INVALID_OTHER_REASON);
}

function attempt<Value>(code: number, read: () => Value): Value {
  try {
    return read();
  } catch {
    throw new Invalid(code);
  }
}

function demand(condition: boolean, code: number): asserts condition {
  if (!condition) throw new Invalid(code);
}
