import {
  Server,
  ServerCredentials,
  type ServerDuplexStream,
  type ServerWritableStream,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js';
import { common, gateway } from '@hyperledger/fabric-protos';
import { chaincodeEvents, type DeliverKind, deliver, deliverStatus, type Send } from './block-streams.ts';
import { Limit, method, stream, unary, view } from './calls.ts';
import type { Chain } from './chain.ts';
import { commitStatus } from './commit-status.ts';
import type { Committer } from './committer.ts';
import type { EndorsementService } from './endorsement-service.ts';
import { submit } from './ordering.ts';
import type { TransactionRules } from './transaction.ts';

/** Event listeners on blocks at a time, Fabric's `deliverService` limit. */
const DELIVER_CONCURRENCY = 2500;
/** Calls of gateway.Gateway at a time, Fabric's `gatewayService` limit. */
const GATEWAY_CONCURRENCY = 500;
/** Bytes, Fabric's `maxRecvMsgSize`. */
const LARGEST_MESSAGE = 100 << 20;

export interface ServerParts {
  readonly rules: TransactionRules;
  readonly endorsement: EndorsementService;
  readonly committer: Committer;
  readonly chain: Chain;
  readonly orderers: readonly string[];
  readonly address: string;
}

/** A gRPC server without services yet; bind it, then add the services with the address it got. */
export function newServer(): Server {
  return new Server({
    'grpc.max_receive_message_length': LARGEST_MESSAGE,
    'grpc.max_send_message_length': -1,
  });
}

/** Binds with TLS. @throws an Error that names the address when it cannot. */
export function bind(server: Server, address: string, certificate: Buffer, key: Buffer): Promise<number> {
  const credentials = ServerCredentials.createSsl(null, [{ cert_chain: certificate, private_key: key }]);
  return new Promise((resolve, reject) => {
    server.bindAsync(address, credentials, (error, port) => (error ? reject(error) : resolve(port)));
  });
}

/** gateway.Gateway and protos.Deliver. */
export function addServices(server: Server, parts: ServerParts): void {
  const limit = new Limit('/gateway.Gateway', GATEWAY_CONCURRENCY);
  const { endorsement, rules, committer, chain } = parts;
  server.addService(
    {
      evaluate: method('/gateway.Gateway/Evaluate', gateway.EvaluateRequest),
      endorse: method('/gateway.Gateway/Endorse', gateway.EndorseRequest),
      submit: method('/gateway.Gateway/Submit', gateway.SubmitRequest),
      commitStatus: method('/gateway.Gateway/CommitStatus', gateway.SignedCommitStatusRequest),
      chaincodeEvents: {
        ...method('/gateway.Gateway/ChaincodeEvents', gateway.SignedChaincodeEventsRequest),
        responseStream: true,
        responseSerialize: view,
      },
    },
    {
      evaluate: unary(limit, (request: gateway.EvaluateRequest) => endorsement.evaluate(request)),
      endorse: unary(limit, (request: gateway.EndorseRequest) => endorsement.endorse(request)),
      submit: unary(limit, (request: gateway.SubmitRequest) => submit(request, parts)),
      commitStatus: unary(limit, (request: gateway.SignedCommitStatusRequest, signal) =>
        commitStatus(request, rules, committer, signal()),
      ),
      chaincodeEvents: (call: ServerWritableStream<gateway.SignedChaincodeEventsRequest, Uint8Array>) =>
        stream(call, limit, (send, signal) => chaincodeEvents(call.request, chain, rules, send, signal)),
    } as UntypedServiceImplementation,
  );
  addDeliver(server, parts);
}

function addDeliver(server: Server, parts: ServerParts): void {
  const limit = new Limit('/protos.Deliver', DELIVER_CONCURRENCY);
  const deliverMethod = (path: string) => ({
    ...method(path, common.Envelope),
    requestStream: true,
    responseStream: true,
    responseSerialize: view,
  });
  const serve = (kind: DeliverKind) => (call: ServerDuplexStream<common.Envelope, Uint8Array>) =>
    stream(call, limit, (send, signal) => serveSeeks(call, kind, parts, send, signal));
  server.addService(
    {
      deliver: deliverMethod('/protos.Deliver/Deliver'),
      deliverFiltered: deliverMethod('/protos.Deliver/DeliverFiltered'),
      deliverWithPrivateData: deliverMethod('/protos.Deliver/DeliverWithPrivateData'),
    },
    {
      deliver: serve('block'),
      deliverFiltered: serve('filtered'),
      deliverWithPrivateData: serve('private-data'),
    } as UntypedServiceImplementation,
  );
}

/** One seek after the other, until the client ends, goes away, or a seek ends badly. */
function serveSeeks(
  call: ServerDuplexStream<common.Envelope, Uint8Array>,
  kind: DeliverKind,
  parts: ServerParts,
  send: Send,
  signal: AbortSignal,
): Promise<void> {
  return new Promise((resolve, reject) => {
    let work = Promise.resolve(true);
    const serve = async (envelope: common.Envelope): Promise<boolean> => {
      const { chain, rules } = parts;
      const code = await deliver(envelope, kind, chain, rules, send, signal);
      if (!signal.aborted) await send(deliverStatus(code));
      if (code !== common.Status.SUCCESS) resolve();
      return code === common.Status.SUCCESS;
    };
    call.on('data', (envelope: common.Envelope) => {
      work = work.then((go) => go && serve(envelope));
      work.catch(reject);
    });
    call.on('end', () => work.then(() => resolve(), reject));
    signal.addEventListener('abort', () => resolve());
  });
}
