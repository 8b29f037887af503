import {
  Metadata,
  Server,
  ServerCredentials,
  type ServerDuplexStream,
  type sendUnaryData,
  status,
} from '@grpc/grpc-js';
import { common, gateway, google, peer } from '@hyperledger/fabric-protos';
import { connectLedger } from '../../../gateway/src/ledger/connect.ts';
import type { Deadlines } from '../../../gateway/src/ledger/connection.ts';
import type { Ledger } from '../../../gateway/src/ledger/ledger.ts';
import { issueCertificate, makeAuthority } from '../../../network/certificates.ts';
import { envelope } from './fabric-messages.ts';

/** A gRPC error as a peer sends it, with a detail per endorser. */
export class Refusal {
  constructor(
    readonly code: status,
    readonly message: string,
    readonly details: (string | { mspId: string; message: string })[] = [],
  ) {}
}

/** A validation code and the number of the block it stands in. */
export interface Verdict {
  code: number;
  block: number;
}

/**
 * What the peer does when asked; each call takes the next entry, the last one stays. `hang` never answers.
 * Results are the chaincode's texts; blocks are sent and then the stream ends.
 */
export interface Script {
  evaluate?: (string | Buffer | Refusal | 'hang')[];
  endorse?: (string | Refusal | 'hang')[];
  submit?: ('ok' | Refusal | 'hang')[];
  commitStatus?: (Verdict | Refusal | 'hang')[];
  deliver?: (common.Block[] | common.StatusMap[keyof common.StatusMap])[];
}

export interface ScriptedPeer {
  ledger: Ledger;
  /** calls by method */
  calls: Record<'evaluate' | 'endorse' | 'submit' | 'commitStatus' | 'deliver', unknown[]>;
  stop(): Promise<void>;
}

const bytes = (message: { serializeBinary(): Uint8Array }) => Buffer.from(message.serializeBinary());
const raw = {
  requestSerialize: Buffer.from,
  requestDeserialize: Buffer.from,
  responseSerialize: Buffer.from,
  responseDeserialize: Buffer.from,
};

function trailers(refusal: Refusal): Metadata {
  const all = new google.rpc.Status();
  for (const one of refusal.details) {
    const detail = new gateway.ErrorDetail();
    detail.setMessage(typeof one === 'string' ? one : one.message);
    if (typeof one !== 'string') detail.setMspId(one.mspId);
    all.addDetails().pack(detail.serializeBinary(), 'gateway.ErrorDetail');
  }
  const metadata = new Metadata();
  if (refusal.details.length > 0) metadata.set('grpc-status-details-bin', bytes(all));
  return metadata;
}

function next<Entry>(entries: Entry[] | undefined, calls: unknown[]): Entry | 'hang' {
  return entries?.[Math.min(calls.length, entries.length) - 1] ?? 'hang';
}

function unary<Entry>(
  path: string,
  entries: Entry[] | undefined,
  calls: unknown[],
  answer: (entry: Entry, request: Buffer) => Buffer,
) {
  const handle = (call: { request: Buffer }, callback: sendUnaryData<Buffer>) => {
    calls.push(call.request);
    const entry = next(entries, calls);
    if (entry === 'hang') return;
    if (entry instanceof Refusal) {
      callback({ code: entry.code, details: entry.message, metadata: trailers(entry) });
    } else {
      callback(null, answer(entry as Entry, call.request));
    }
  };
  return { definition: { path, requestStream: false, responseStream: false, ...raw }, handle };
}

function evaluated(text: string | Buffer): Buffer {
  const result = new peer.Response();
  result.setPayload(Buffer.from(text));
  const response = new gateway.EvaluateResponse();
  response.setResult(result);
  return bytes(response);
}

function endorsed(text: string, request: Buffer): Buffer {
  const response = new gateway.EndorseResponse();
  const id = gateway.EndorseRequest.deserializeBinary(request).getTransactionId();
  response.setPreparedTransaction(envelope({ id, result: text }));
  return bytes(response);
}

function found({ code, block }: Verdict): Buffer {
  const response = new gateway.CommitStatusResponse();
  response.setResult(code as 0);
  response.setBlockNumber(block);
  return bytes(response);
}

function deliver(script: Script, calls: unknown[]) {
  const handle = (call: ServerDuplexStream<Buffer, Buffer>) => {
    call.on('error', () => undefined);
    call.once('data', (request: Buffer) => {
      calls.push(request);
      const entry = next(script.deliver, calls);
      if (entry === 'hang') return;
      for (const one of Array.isArray(entry) ? entry : [entry]) {
        const response = new peer.DeliverResponse();
        if (typeof one === 'number') response.setStatus(one);
        else response.setBlock(one);
        call.write(bytes(response));
      }
      call.end();
    });
  };
  return {
    definition: { path: '/protos.Deliver/Deliver', requestStream: true, responseStream: true, ...raw },
    handle,
  };
}

/** A peer that follows a script, so that a test can have the errors that a real one has on bad days. */
export async function startScriptedPeer(
  script: Script,
  deadlines: Partial<Deadlines> = {},
): Promise<ScriptedPeer> {
  const calls: ScriptedPeer['calls'] = {
    evaluate: [],
    endorse: [],
    submit: [],
    commitStatus: [],
    deliver: [],
  };
  const methods = [
    unary('/gateway.Gateway/Evaluate', script.evaluate, calls.evaluate, (entry, _request) =>
      evaluated(entry as string | Buffer),
    ),
    unary('/gateway.Gateway/Endorse', script.endorse, calls.endorse, (entry, request) =>
      endorsed(entry as string, request),
    ),
    unary('/gateway.Gateway/Submit', script.submit, calls.submit, () => bytes(new gateway.SubmitResponse())),
    unary('/gateway.Gateway/CommitStatus', script.commitStatus, calls.commitStatus, (entry) =>
      found(entry as Verdict),
    ),
    deliver(script, calls.deliver),
  ];
  const authority = await makeAuthority('tls', 'Riverside');
  const tls = await issueCertificate(authority, {
    commonName: 'peer',
    organisation: 'Riverside',
    hosts: ['peer.riverside.example'],
  });
  const client = await issueCertificate(authority, {
    commonName: 'gateway',
    organisation: 'Riverside',
    role: 'client',
  });
  const server = new Server();
  for (const { definition, handle } of methods) server.addService({ method: definition }, { method: handle });
  const pair = { private_key: Buffer.from(tls.privateKey), cert_chain: Buffer.from(tls.certificate) };
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createSsl(null, [pair]), (error, bound) =>
      error ? reject(error) : resolve(bound),
    );
  });
  const ledger = connectLedger({
    endpoint: `127.0.0.1:${port}`,
    tlsRoot: Buffer.from(authority.certificate),
    serverName: 'peer.riverside.example',
    mspId: 'Riverside',
    certificate: client.certificate,
    privateKey: client.privateKey,
    channel: 'records',
    chaincode: 'records',
    deadlines,
  });
  return {
    ledger,
    calls,
    async stop() {
      ledger.close();
      server.forceShutdown();
    },
  };
}
