import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  type ChannelCredentials,
  Client,
  credentials,
  Metadata,
  Server,
  ServerCredentials,
  type ServerDuplexStream,
} from '@grpc/grpc-js';
import { peer } from '@hyperledger/fabric-protos';

const CONNECT = '/protos.Chaincode/Connect';
const { Type } = peer.ChaincodeMessage;
/** What a chaincode says that asks a peer for nothing. */
const unasked: ReadonlySet<number> = new Set([Type.REGISTER, Type.COMPLETED, Type.ERROR, Type.KEEPALIVE]);
const asIs = (bytes: Buffer) => bytes;
const unlimited = { 'grpc.max_receive_message_length': -1, 'grpc.max_send_message_length': -1 };

/** Requests of a chaincode to its peer while it ran one transaction, by kind. */
export interface ShimCount {
  /** questions for one key or several */
  gets: number;
  /** different keys in them */
  objects: number;
  puts: number;
  all: number;
}

export interface ShimRelay {
  /** host:port */
  address: string;
  of(transaction: string): ShimCount;
  stop(): void;
}

export interface RelayPlace {
  /** host:port of the chaincode process */
  chaincode: string;
  /** host:port to listen on; any free port of 127.0.0.1 when absent */
  address?: string;
  /** changes what the peer says to the chaincode */
  change?: ((message: peer.ChaincodeMessage) => void) | undefined;
  /** folder with `ca`, `server` and `client` (`.crt`, `.key`), where peer and chaincode prove themselves */
  tls?: string | undefined;
}

interface Noted {
  keys: Set<string>;
  gets: number;
  puts: number;
  all: number;
}

/** Stands between a peer and a chaincode process, passes on what is said, and counts. */
export async function startRelay({ chaincode, address, change, tls }: RelayPlace): Promise<ShimRelay> {
  const counts = new Map<string, Noted>();
  const server = new Server(unlimited);
  const { ours, theirs } = proofs(tls);
  const client = new Client(chaincode, theirs, unlimited);
  const method = {
    ...{ path: CONNECT, requestStream: true, responseStream: true },
    ...{ requestSerialize: asIs, requestDeserialize: asIs },
    ...{ responseSerialize: asIs, responseDeserialize: asIs },
  };
  const relay = (call: ServerDuplexStream<Buffer, Buffer>) => {
    // The chaincode may only just be starting.
    const patient = new Metadata({ waitForReady: true });
    const onward = client.makeBidiStreamRequest<Buffer, Buffer>(CONNECT, asIs, asIs, patient);
    call.on('data', (bytes: Buffer) => onward.write(change ? changed(bytes, change) : bytes));
    call.on('cancelled', () => onward.cancel());
    onward.on('data', (bytes: Buffer) => {
      note(peer.ChaincodeMessage.deserializeBinary(bytes), counts);
      call.write(bytes);
    });
    onward.on('error', (error) => call.destroy(error)).on('end', () => call.end());
  };
  server.addService({ Connect: method }, { Connect: relay });
  const port = await new Promise<number>((bound, failed) => {
    server.bindAsync(address ?? '127.0.0.1:0', ours, (error, at) => (error ? failed(error) : bound(at)));
  });
  return {
    address: address ?? `127.0.0.1:${port}`,
    of(transaction) {
      const { keys, ...count } = counts.get(transaction) ?? { keys: new Set(), gets: 0, puts: 0, all: 0 };
      return { ...count, objects: keys.size };
    },
    stop() {
      server.forceShutdown();
      client.close();
    },
  };
}

function changed(bytes: Buffer, change: (message: peer.ChaincodeMessage) => void): Buffer {
  const message = peer.ChaincodeMessage.deserializeBinary(bytes);
  change(message);
  return Buffer.from(message.serializeBinary());
}

function proofs(folder: string | undefined): { ours: ServerCredentials; theirs: ChannelCredentials } {
  if (folder === undefined) {
    return { ours: ServerCredentials.createInsecure(), theirs: credentials.createInsecure() };
  }
  const file = (name: string) => readFileSync(join(folder, name));
  const pair = { private_key: file('server.key'), cert_chain: file('server.crt') };
  return {
    ours: ServerCredentials.createSsl(file('ca.crt'), [pair], true),
    theirs: credentials.createSsl(file('ca.crt'), file('client.key'), file('client.crt')),
  };
}

function note(message: peer.ChaincodeMessage, counts: Map<string, Noted>): void {
  const type = message.getType();
  if (unasked.has(type)) return;
  const noted = counts.get(message.getTxid()) ?? { keys: new Set<string>(), gets: 0, puts: 0, all: 0 };
  counts.set(message.getTxid(), noted);
  noted.all += 1;
  if (type === Type.PUT_STATE) noted.puts += 1;
  if (type !== Type.GET_STATE && type !== Type.GET_STATE_MULTIPLE) return;
  noted.gets += 1;
  const payload = message.getPayload_asU8();
  if (type === Type.GET_STATE) noted.keys.add(peer.GetState.deserializeBinary(payload).getKey());
  else for (const key of peer.GetStateMultiple.deserializeBinary(payload).getKeysList()) noted.keys.add(key);
}
