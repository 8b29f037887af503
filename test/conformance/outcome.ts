import { status } from '@grpc/grpc-js';
import { CommitError, GatewayError } from '@hyperledger/fabric-gateway';
import { gateway, google, peer } from '@hyperledger/fabric-protos';

/** What a case comes to: no ids, no times, no addresses. */
export type Json = string | number | boolean | null | readonly Json[] | { readonly [name: string]: Json };

interface Detail {
  readonly address: string;
  readonly mspId: string;
  readonly message: string;
}

/** What some work answers, or how it fails. */
export async function outcomeOf(work: Promise<Json | undefined>): Promise<Json> {
  try {
    return { answer: (await work) ?? null };
  } catch (error) {
    return failure(error);
  }
}

/** The name of a validation code. */
export function codeName(code: number): string {
  const name = Object.entries(peer.TxValidationCode).find(([, value]) => value === code)?.[0];
  return name ?? `code ${code}`;
}

/** A failure of fabric-gateway or of a raw call: the gRPC code's name, its sentence, a detail per node asked. */
export function failure(error: unknown): Json {
  if (error instanceof CommitError) return { error: error.name, validation: codeName(error.code) };
  if (error instanceof GatewayError) {
    return { error: error.name, ...grpc(error.code, error.cause.details, error.details) };
  }
  const { code, details, metadata } = error as Partial<import('@grpc/grpc-js').ServiceError>;
  if (code === undefined) return { error: (error as Error).name, message: plain((error as Error).message) };
  const [trailer] = metadata?.get('grpc-status-details-bin') ?? [];
  return grpc(code, details ?? '', trailer === undefined ? [] : detailsIn(trailer as Buffer));
}

function grpc(code: number, message: string, details: readonly Detail[]) {
  // Client and peer have the same deadline, and either may notice first; a peer then resets the call.
  if (code === status.DEADLINE_EXCEEDED || message === 'Call cancelled') {
    return { code: 'DEADLINE_EXCEEDED', message: '', details: [] };
  }
  const shapes = details.map(({ address, mspId, message: said }) => ({
    address: address !== '',
    mspId: mspId.replace(/^\w+OrdererMSP$/, '<orderer>'),
    message: plain(said),
  }));
  // Nodes answer in any order, and which of the orderers are asked differs from run to run.
  const sorted = shapes.toSorted((one, other) => (one.mspId < other.mspId ? -1 : 1));
  return { code: status[code]!, message: sentence(message), details: sorted };
}

function detailsIn(trailer: Buffer): Detail[] {
  return google.rpc.Status.deserializeBinary(trailer)
    .getDetailsList()
    .map((any) => gateway.ErrorDetail.deserializeBinary(any.getValue_asU8()).toObject())
    .map(({ address, mspId, message }) => ({ address, mspId, message }));
}

/** A failure's own sentence, as far as the ledger and not the way to it made it. */
function sentence(message: string): string {
  // Node drops a header that ends with a space, and Fabric's sentence with it.
  if (message.endsWith(' ')) return '';
  return plain(message).replace(
    /^(?:grpc: r|R)eceived message larger than max .*/,
    'message larger than max',
  );
}

/** A sentence without what differs from run to run. */
export function plain(sentence: string): string {
  return (
    sentence
      // Go's protobuf varies its space on purpose.
      .replaceAll('\u00a0', ' ')
      .replace(/\b[0-9a-f]{64}\b/g, '<id>')
      .replace(/(could not launch chaincode) .*/s, '$1 <why>')
      .replace(/\b[0-9a-f]{65,}\b/g, '<hex>')
      .replace(/\b(127\.0\.0\.1|localhost):\d+\b/g, '<address>')
      .replace(/payload is \d+ bytes/, 'payload is <size> bytes')
      .replace(/\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?( ?(Z|[+-]\d{4}))?( UTC)?( m=\+[\d.]+)?/g, '<time>')
  );
}
