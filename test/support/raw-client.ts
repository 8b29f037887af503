import { createPrivateKey, type KeyObject, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Ledger } from '@chartkey/network';
import { Client, credentials } from '@grpc/grpc-js';
import { common, gateway, msp, peer } from '@hyperledger/fabric-protos';
import type { Credential } from '../../network/certificates.ts';
import { transactionId } from '../../network/embedded/proposal.ts';
import { signLowS } from '../../network/embedded/signature.ts';

/** What a proposal says; whatever is left out is as it should be. */
export interface RawProposal {
  readonly args: readonly string[];
  readonly channel?: string;
  readonly chaincode?: string;
  readonly txId?: string;
  readonly time?: Date;
  readonly sign?: (bytes: Uint8Array) => Uint8Array;
  readonly transient?: Record<string, Uint8Array>;
}

interface Message {
  serializeBinary(): Uint8Array;
}

/** Speaks to the ledger with hand-made messages, to say what fabric-gateway never would. */
export class RawClient {
  readonly creator: Uint8Array;
  readonly key: KeyObject;
  readonly #client: Client;

  constructor(ledger: Ledger, mspId: string, credential: Credential) {
    const identity = new msp.SerializedIdentity();
    identity.setMspid(mspId);
    identity.setIdBytes(Buffer.from(credential.certificate));
    this.creator = identity.serializeBinary();
    this.key = createPrivateKey(credential.privateKey);
    this.#client = new Client(ledger.address, credentials.createSsl(readFileSync(ledger.tlsRootCertificate)));
  }

  close(): void {
    this.#client.close();
  }

  propose(proposal: RawProposal): peer.SignedProposal {
    const nonce = randomBytes(24);
    const bytes = this.#proposalBytes(proposal, nonce).serializeBinary();
    const signed = new peer.SignedProposal();
    signed.setProposalBytes(bytes);
    signed.setSignature(proposal.sign ? proposal.sign(bytes) : signLowS(this.key, bytes));
    return signed;
  }

  async evaluate(signed: peer.SignedProposal, targets: string[] = []): Promise<string> {
    const request = new gateway.EvaluateRequest();
    request.setProposedTransaction(signed);
    request.setTargetOrganizationsList(targets);
    const response = await this.#call('Evaluate', request, gateway.EvaluateResponse);
    return Buffer.from(response.getResult()!.getPayload_asU8()).toString();
  }

  async endorse(signed: peer.SignedProposal, organisations: string[] = []): Promise<common.Envelope> {
    const request = new gateway.EndorseRequest();
    request.setProposedTransaction(signed);
    request.setEndorsingOrganizationsList(organisations);
    return (await this.#call('Endorse', request, gateway.EndorseResponse)).getPreparedTransaction()!;
  }

  /** Signs the envelope's payload and submits it; returns the transaction id it names. */
  async submit(
    envelope: common.Envelope,
    sign = (bytes: Uint8Array): Uint8Array => signLowS(this.key, bytes),
  ): Promise<string> {
    const payload = common.Payload.deserializeBinary(envelope.getPayload_asU8());
    const header = common.ChannelHeader.deserializeBinary(payload.getHeader()!.getChannelHeader_asU8());
    envelope.setSignature(sign(envelope.getPayload_asU8()));
    const request = new gateway.SubmitRequest();
    request.setChannelId('records');
    request.setPreparedTransaction(envelope);
    await this.#call('Submit', request, gateway.SubmitResponse);
    return header.getTxId();
  }

  /** The validation code of a transaction, once it has one; the signal cancels the call. */
  async outcome(txId: string, channel = 'records', signal?: AbortSignal): Promise<number> {
    const request = this.statusRequest(txId, channel);
    return (await this.#call('CommitStatus', request, gateway.CommitStatusResponse, signal)).getResult();
  }

  statusRequest(txId: string, channel = 'records'): gateway.SignedCommitStatusRequest {
    const request = new gateway.CommitStatusRequest();
    request.setChannelId(channel);
    request.setTransactionId(txId);
    request.setIdentity(this.creator);
    const signed = new gateway.SignedCommitStatusRequest();
    signed.setRequest(request.serializeBinary());
    signed.setSignature(signLowS(this.key, signed.getRequest_asU8()));
    return signed;
  }

  #proposalBytes(proposal: RawProposal, nonce: Uint8Array): peer.Proposal {
    const { channel = 'records', chaincode = 'records', time = new Date() } = proposal;
    const id = new peer.ChaincodeID();
    id.setName(chaincode);
    const extension = new peer.ChaincodeHeaderExtension();
    extension.setChaincodeId(id);
    const channelHeader = headerAt(time);
    channelHeader.setType(common.HeaderType.ENDORSER_TRANSACTION);
    channelHeader.setChannelId(channel);
    channelHeader.setTxId(proposal.txId ?? transactionId(nonce, this.creator));
    channelHeader.setExtension$(extension.serializeBinary());
    const signatureHeader = new common.SignatureHeader();
    signatureHeader.setNonce(nonce);
    signatureHeader.setCreator(this.creator);
    const header = new common.Header();
    header.setChannelHeader(channelHeader.serializeBinary());
    header.setSignatureHeader(signatureHeader.serializeBinary());
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
    result.setHeader(header.serializeBinary());
    result.setPayload(payload.serializeBinary());
    return result;
  }

  #call<Response>(
    name: string,
    request: Message,
    type: { deserializeBinary(bytes: Uint8Array): Response },
    signal?: AbortSignal,
  ): Promise<Response> {
    return new Promise((resolve, reject) => {
      const call = this.#client.makeUnaryRequest(
        `/gateway.Gateway/${name}`,
        (message: Message) => Buffer.from(message.serializeBinary()),
        (bytes: Buffer) => type.deserializeBinary(bytes),
        request,
        (error, response) => (error ? reject(error) : resolve(response!)),
      );
      signal?.addEventListener('abort', () => call.cancel());
    });
  }
}

/** An empty channel header with a time: the message class for times is not among Fabric's. */
function headerAt(time: Date): common.ChannelHeader {
  let rest = Math.floor(time.getTime() / 1000);
  const seconds: number[] = [];
  for (; rest >= 0x80; rest = Math.floor(rest / 128)) seconds.push((rest & 0x7f) | 0x80);
  const timestamp = [0x08, ...seconds, rest];
  return common.ChannelHeader.deserializeBinary(Uint8Array.from([0x1a, timestamp.length, ...timestamp]));
}
