import { type ChannelCredentials, Client, type ClientDuplexStream } from '@grpc/grpc-js';
import { peer } from '@hyperledger/fabric-protos';
import type { Proposal } from './proposal.ts';
import { answerShim } from './shim-requests.ts';
import type { Simulation } from './simulation.ts';

const { Type } = peer.ChaincodeMessage;
const CONNECT = '/protos.Chaincode/Connect';
/** How long a chaincode may run, Fabric's `executetimeout`. */
const EXECUTE_TIMEOUT_MS = 30_000;
/** Keys of one request at most, as a peer's `maxSizeGetMultipleKeys` has it. */
const MOST_KEYS = 1_000;
const RETRY_MS = [50, 100, 200, 400, 1000];

export interface ChaincodeAddress {
  /** host:port of the chaincode's own gRPC server. */
  readonly address: string;
  readonly credentials: ChannelCredentials;
}

export interface ChaincodeOutcome {
  readonly response: peer.Response;
  readonly event: peer.ChaincodeEvent | undefined;
}

interface Running {
  readonly simulation: Simulation;
  readonly settle: (message: peer.ChaincodeMessage | Error) => void;
}

type Stream = ClientDuplexStream<peer.ChaincodeMessage, peer.ChaincodeMessage>;

/**
 * The peer's side of chaincode as a service: calls the chaincode's server, registers it and runs many
 * transactions at once on the one stream. When the stream breaks, what ran fails and it calls again.
 */
export class ChaincodeConnection {
  readonly #target: ChaincodeAddress;
  readonly #onChange: (connected: boolean) => void;
  readonly #running = new Map<string, Running>();
  #client: Client | undefined;
  #stream: Stream | undefined;
  #ready = false;
  #failures = 0;
  #retry: NodeJS.Timeout | undefined;
  #lastFailure = 'not connected yet';

  constructor(target: ChaincodeAddress, onChange: (connected: boolean) => void) {
    this.#target = target;
    this.#onChange = onChange;
  }

  get connected(): boolean {
    return this.#ready;
  }

  start(): void {
    const options = { 'grpc.max_receive_message_length': -1, 'grpc.max_send_message_length': -1 };
    this.#client = new Client(this.#target.address, this.#target.credentials, options);
    const stream: Stream = this.#client.makeBidiStreamRequest(CONNECT, serialise, deserialise);
    this.#stream = stream;
    stream.on('data', (message: peer.ChaincodeMessage) => this.#receive(stream, message));
    stream.on('error', (error) => this.#broken(stream, error.message));
    stream.on('end', () => this.#broken(stream, 'the chaincode ended the stream'));
  }

  stop(): void {
    clearTimeout(this.#retry);
    const stream = this.#stream;
    this.#stream = undefined;
    stream?.cancel();
    this.#client?.close();
    this.#endAll();
  }

  /** Runs the chaincode on a proposal. @throws an Error with the words a peer would use. */
  async execute(proposal: Proposal, simulation: Simulation): Promise<ChaincodeOutcome> {
    const { txId, channel, chaincode } = proposal;
    const failed = `failed to execute transaction ${txId}`;
    if (!this.#ready) {
      throw new Error(
        `${failed}: could not launch chaincode ${chaincode}: connection to ${chaincode} failed: ${this.#lastFailure}`,
      );
    }
    if (this.#running.has(txId))
      throw new Error(`${failed}: error sending: txid: ${txId}(${channel}) exists`);
    const message = newMessage(Type.TRANSACTION, txId, channel);
    message.setPayload(proposal.input?.serializeBinary() ?? new Uint8Array());
    message.setProposal(proposal.signed);
    const outcome = await this.#run(message, simulation);
    if (outcome instanceof Error) throw new Error(`${failed}: error sending: ${outcome.message}`);
    if (outcome.getType() === Type.ERROR) {
      const reason = Buffer.from(outcome.getPayload_asU8()).toString();
      throw new Error(`transaction returned with failure: ${reason}`);
    }
    const event = outcome.getChaincodeEvent();
    event?.setChaincodeId(chaincode);
    event?.setTxId(txId);
    return { response: peer.Response.deserializeBinary(outcome.getPayload_asU8()), event };
  }

  #run(message: peer.ChaincodeMessage, simulation: Simulation): Promise<peer.ChaincodeMessage | Error> {
    const txId = message.getTxid();
    return new Promise((resolve) => {
      const expired = () => settle(new Error('timeout expired while executing transaction'));
      const timer = setTimeout(expired, EXECUTE_TIMEOUT_MS);
      const settle = (outcome: peer.ChaincodeMessage | Error) => {
        clearTimeout(timer);
        this.#running.delete(txId);
        resolve(outcome);
      };
      this.#running.set(txId, { simulation, settle });
      this.#stream?.write(message);
    });
  }

  #receive(stream: Stream, message: peer.ChaincodeMessage): void {
    switch (message.getType()) {
      case Type.REGISTER:
        stream.write(newMessage(Type.REGISTERED, '', ''));
        stream.write(ready());
        this.#failures = 0;
        this.#ready = true;
        this.#onChange(true);
        return;
      case Type.COMPLETED:
      case Type.ERROR:
        this.#running.get(message.getTxid())?.settle(message);
        return;
      default:
        void this.#answer(stream, message);
    }
  }

  async #answer(stream: Stream, request: peer.ChaincodeMessage): Promise<void> {
    const answer = newMessage(Type.RESPONSE, request.getTxid(), request.getChannelId());
    try {
      const running = this.#running.get(request.getTxid());
      if (!running) throw new Error('no ledger context');
      answer.setPayload(await answerShim(request, running.simulation));
    } catch (error) {
      const name = Object.entries(Type).find(([, value]) => value === request.getType())?.[0];
      const reason = `${name} failed: transaction ID: ${request.getTxid()}: ${(error as Error).message}`;
      answer.setType(Type.ERROR);
      answer.setPayload(Buffer.from(reason));
    }
    stream.write(answer);
  }

  #broken(stream: Stream, reason: string): void {
    if (this.#stream !== stream) return;
    this.#stream = undefined;
    this.#client?.close();
    this.#lastFailure = reason;
    const wasReady = this.#ready;
    this.#endAll();
    if (wasReady) this.#onChange(false);
    const wait = RETRY_MS[Math.min(this.#failures++, RETRY_MS.length - 1)];
    this.#retry = setTimeout(() => this.start(), wait);
  }

  #endAll(): void {
    this.#ready = false;
    for (const running of [...this.#running.values()]) {
      running.settle(new Error('chaincode stream terminated'));
    }
  }
}

/** READY says what a peer can do that older ones could not (Fabric 3.1, `chaincode.runtimeParams`). */
function ready(): peer.ChaincodeMessage {
  const offers = new peer.ChaincodeAdditionalParams();
  offers.setUseGetMultipleKeys(true);
  offers.setMaxSizeGetMultipleKeys(MOST_KEYS);
  const message = newMessage(Type.READY, '', '');
  message.setPayload(offers.serializeBinary());
  return message;
}

function newMessage(
  type: peer.ChaincodeMessage.TypeMap[keyof peer.ChaincodeMessage.TypeMap],
  txId: string,
  channel: string,
): peer.ChaincodeMessage {
  const message = new peer.ChaincodeMessage();
  message.setType(type);
  message.setTxid(txId);
  message.setChannelId(channel);
  return message;
}

function serialise(message: peer.ChaincodeMessage): Buffer {
  const bytes = message.serializeBinary();
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function deserialise(bytes: Buffer): peer.ChaincodeMessage {
  return peer.ChaincodeMessage.deserializeBinary(bytes);
}
