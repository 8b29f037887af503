import { join } from 'node:path';
import type { Ledger } from '@chartkey/gateway';
import { connectTo, identityFiles, type LedgerAccess, startLedger } from '@chartkey/network';
import {
  Client,
  credentials,
  Metadata,
  Server,
  ServerCredentials,
  type ServerDuplexStream,
} from '@grpc/grpc-js';
import { peer } from '@hyperledger/fabric-protos';
import { found, onLoopback } from '../../network/demo/founding.ts';
import { register } from '../../network/demo/registration.ts';
import { ownFolder } from './consortium.ts';
import { startChaincode } from './ledger.ts';
import type { Stage } from './ledger-actor.ts';

const CONNECT = '/protos.Chaincode/Connect';
const { Type } = peer.ChaincodeMessage;
/** What a chaincode says that asks a peer for nothing. */
const unasked: ReadonlySet<number> = new Set([Type.REGISTER, Type.COMPLETED, Type.ERROR, Type.KEEPALIVE]);
const asIs = (bytes: Buffer) => bytes;

/** Requests of a chaincode to its peer while it ran one transaction, by kind. */
export interface ShimCount {
  gets: number;
  puts: number;
  all: number;
}

/** An embedded ledger with the real chaincode, and a count of every message that the chaincode sent it. */
export interface CountedLedger extends Stage {
  connect(organisation: string): Ledger;
  of(transaction: string): ShimCount;
  stop(): Promise<void>;
}

/** Stands between a ledger and a chaincode process, passes everything on, and counts. */
async function startRelay(chaincode: string, counts: Map<string, ShimCount>) {
  const server = new Server({ 'grpc.max_receive_message_length': -1 });
  const client = new Client(chaincode, credentials.createInsecure(), {
    'grpc.max_receive_message_length': -1,
  });
  const method = {
    ...{ path: CONNECT, requestStream: true, responseStream: true },
    ...{
      requestSerialize: asIs,
      requestDeserialize: asIs,
      responseSerialize: asIs,
      responseDeserialize: asIs,
    },
  };
  const relay = (call: ServerDuplexStream<Buffer, Buffer>) => {
    // The chaincode may only just be starting.
    const patient = new Metadata({ waitForReady: true });
    const onward = client.makeBidiStreamRequest<Buffer, Buffer>(CONNECT, asIs, asIs, patient);
    call.on('data', (bytes: Buffer) => onward.write(bytes));
    call.on('cancelled', () => onward.cancel());
    onward.on('data', (bytes: Buffer) => {
      note(peer.ChaincodeMessage.deserializeBinary(bytes), counts);
      call.write(bytes);
    });
    onward.on('error', (error) => call.destroy(error)).on('end', () => call.end());
  };
  server.addService({ Connect: method }, { Connect: relay });
  const port = await new Promise<number>((bound, failed) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, at) =>
      error ? failed(error) : bound(at),
    );
  });
  return {
    address: `127.0.0.1:${port}`,
    stop: () => {
      server.forceShutdown();
      client.close();
    },
  };
}

function note(message: peer.ChaincodeMessage, counts: Map<string, ShimCount>): void {
  const type = message.getType();
  if (unasked.has(type)) return;
  const { gets, puts, all } = counts.get(message.getTxid()) ?? { gets: 0, puts: 0, all: 0 };
  counts.set(message.getTxid(), {
    gets: gets + Number(type === Type.GET_STATE),
    puts: puts + Number(type === Type.PUT_STATE),
    all: all + 1,
  });
}

/** The demo consortium, registered, without its gateways. */
export async function startCountedLedger(): Promise<CountedLedger> {
  const counts = new Map<string, ShimCount>();
  const { folder, remove } = ownFolder();
  const founding = found(folder, onLoopback(7001));
  const chaincode = await startChaincode(join(__dirname, '../../chaincode'));
  const relay = await startRelay(chaincode.address, counts);
  const quiet = { port: 0, log: () => undefined };
  const ledger = await startLedger({ ...quiet, dataDir: folder, chaincodeAddress: relay.address });
  await ledger.chaincodeReady();
  const access = (organisation: string): LedgerAccess => ({
    ...{ endpoint: ledger.address, tlsRoot: ledger.tlsRootCertificate, serverName: 'localhost' },
    peerOrganisation: organisation,
    ...identityFiles(folder).organisations.get(organisation)!.client,
  });
  const connect = (organisation: string) => connectTo(access(organisation), organisation);
  const registrar = connect('RiversideMSP');
  await register(founding, folder, registrar).finally(() => registrar.close());
  return {
    credentials: founding.credentials,
    connect,
    of: (transaction) => counts.get(transaction) ?? { gets: 0, puts: 0, all: 0 },
    async stop() {
      await ledger.stop();
      relay.stop();
      await chaincode.kill();
      remove();
    },
  };
}
