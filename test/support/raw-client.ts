import { createPrivateKey, type KeyObject, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { LedgerAccess } from '@chartkey/network';
import { type CallOptions, Client, credentials } from '@grpc/grpc-js';
import { common, gateway, msp, peer } from '@hyperledger/fabric-protos';
import type { Credential } from '../../network/certificates.ts';
import { signLowS } from '../../network/embedded/signature.ts';
import { proposalMessage, type RawProposal, type RawSeek, seekMessage } from './raw-messages.ts';

interface Message {
  serializeBinary(): Uint8Array;
}

interface Decoder<Type> {
  deserializeBinary(bytes: Uint8Array): Type;
}

/** How a call ends early. */
export interface CallEnds extends CallOptions {
  readonly signal?: AbortSignal;
}

/** Speaks to the ledger with hand-made messages, to say what fabric-gateway never would. */
export class RawClient {
  readonly creator: Uint8Array;
  readonly key: KeyObject;
  readonly #client: Client;

  constructor(
    access: Pick<LedgerAccess, 'endpoint' | 'tlsRoot' | 'serverName'>,
    mspId: string,
    credential: Credential,
  ) {
    const identity = new msp.SerializedIdentity();
    identity.setMspid(mspId);
    identity.setIdBytes(Buffer.from(credential.certificate));
    this.creator = identity.serializeBinary();
    this.key = createPrivateKey(credential.privateKey);
    this.#client = new Client(access.endpoint, credentials.createSsl(readFileSync(access.tlsRoot)), {
      'grpc.ssl_target_name_override': access.serverName,
      'grpc.max_receive_message_length': -1,
    });
  }

  close(): void {
    this.#client.close();
  }

  propose(proposal: RawProposal): peer.SignedProposal {
    const nonce = proposal.nonce ?? randomBytes(24);
    const bytes = proposalMessage(proposal, this.creator, nonce).serializeBinary();
    const signed = new peer.SignedProposal();
    signed.setProposalBytes(bytes);
    signed.setSignature(proposal.sign ? proposal.sign(bytes) : this.sign(bytes));
    return signed;
  }

  sign(bytes: Uint8Array): Uint8Array {
    return signLowS(this.key, bytes);
  }

  async evaluate(
    signed: peer.SignedProposal | undefined,
    targets: string[] = [],
    ends: CallEnds = {},
  ): Promise<string> {
    const request = new gateway.EvaluateRequest();
    request.setProposedTransaction(signed);
    request.setTargetOrganizationsList(targets);
    const response = await this.call('gateway.Gateway/Evaluate', request, gateway.EvaluateResponse, ends);
    return Buffer.from(response.getResult()!.getPayload_asU8()).toString();
  }

  async endorse(
    signed: peer.SignedProposal | undefined,
    organisations: string[] = [],
  ): Promise<common.Envelope> {
    const request = new gateway.EndorseRequest();
    request.setProposedTransaction(signed);
    request.setEndorsingOrganizationsList(organisations);
    const response = await this.call('gateway.Gateway/Endorse', request, gateway.EndorseResponse);
    return response.getPreparedTransaction()!;
  }

  /** Signs the envelope's payload and submits it; returns the transaction id it names. */
  async submit(
    envelope: common.Envelope,
    sign = (bytes: Uint8Array): Uint8Array => this.sign(bytes),
    channel = 'records',
  ): Promise<string> {
    envelope.setSignature(sign(envelope.getPayload_asU8()));
    const request = new gateway.SubmitRequest();
    request.setChannelId(channel);
    request.setPreparedTransaction(envelope);
    await this.call('gateway.Gateway/Submit', request, gateway.SubmitResponse);
    return openHeader(envelope).getTxId();
  }

  /** The validation code of a transaction, once it has one. */
  async outcome(txId: string, channel = 'records', ends: CallEnds = {}): Promise<number> {
    return this.status(this.statusRequest(txId, channel), ends);
  }

  async status(request: gateway.SignedCommitStatusRequest, ends: CallEnds = {}): Promise<number> {
    const path = 'gateway.Gateway/CommitStatus';
    return (await this.call(path, request, gateway.CommitStatusResponse, ends)).getResult();
  }

  statusRequest(txId: string, channel = 'records'): gateway.SignedCommitStatusRequest {
    const request = new gateway.CommitStatusRequest();
    request.setChannelId(channel);
    request.setTransactionId(txId);
    request.setIdentity(this.creator);
    const signed = new gateway.SignedCommitStatusRequest();
    signed.setRequest(request.serializeBinary());
    signed.setSignature(this.sign(signed.getRequest_asU8()));
    return signed;
  }

  /** Asks for blocks; gives every answer up to the status that ends it. */
  async *deliver(
    method: 'Deliver' | 'DeliverFiltered' | 'DeliverWithPrivateData',
    seek: RawSeek,
  ): AsyncGenerator<peer.DeliverResponse> {
    const payload = seekMessage(seek, this.creator, randomBytes(24)).serializeBinary();
    const envelope = new common.Envelope();
    envelope.setPayload(payload);
    envelope.setSignature(seek.sign ? seek.sign(payload) : this.sign(payload));
    const decode = (bytes: Buffer) => peer.DeliverResponse.deserializeBinary(bytes);
    const call = this.#client.makeBidiStreamRequest(`/protos.Deliver/${method}`, encode, decode);
    // A call that is cancelled below has no one to tell.
    call.on('error', () => undefined);
    call.write(envelope);
    try {
      for await (const answer of call) {
        yield answer as peer.DeliverResponse;
        if ((answer as peer.DeliverResponse).hasStatus()) return;
      }
    } finally {
      call.cancel();
    }
  }

  /** One unary call of `<service>/<method>`. */
  call<Response>(
    path: string,
    request: Message,
    type: Decoder<Response>,
    { signal, ...options }: CallEnds = {},
  ): Promise<Response> {
    return new Promise((resolve, reject) => {
      const call = this.#client.makeUnaryRequest(
        `/${path}`,
        encode,
        (bytes: Buffer) => type.deserializeBinary(bytes),
        request,
        options,
        (error, response) => (error ? reject(error) : resolve(response!)),
      );
      signal?.addEventListener('abort', () => call.cancel());
    });
  }
}

const encode = (message: Message) => Buffer.from(message.serializeBinary());

/** The channel header of an envelope. */
export function openHeader(envelope: common.Envelope): common.ChannelHeader {
  const payload = common.Payload.deserializeBinary(envelope.getPayload_asU8());
  return common.ChannelHeader.deserializeBinary(payload.getHeader()!.getChannelHeader_asU8());
}
