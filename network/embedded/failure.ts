import { Metadata, type ServiceError, status } from '@grpc/grpc-js';
import { gateway, google } from '@hyperledger/fabric-protos';

/** What one endorser or orderer answered; crosses as `gateway.ErrorDetail`. */
export interface FailureDetail {
  readonly address: string;
  readonly mspId: string;
  readonly message: string;
}

/** A failure as Fabric's gateway service reports it: a gRPC code, a message and a detail per node asked. */
export class RpcFailure extends Error {
  readonly code: status;
  readonly details: readonly FailureDetail[];

  constructor(code: status, message: string, details: readonly FailureDetail[] = []) {
    super(message);
    this.code = code;
    this.details = details;
  }
}

/** Reads a message, or says what Fabric's own decoder would. */
export function decode<Message>(
  type: { deserializeBinary(bytes: Uint8Array): Message },
  bytes: Uint8Array,
  what: string,
): Message {
  try {
    return type.deserializeBinary(bytes);
  } catch {
    throw new Error(`${what}: proto: cannot parse invalid wire-format data`);
  }
}

/** The failure as grpc-js sends it, the details as `google.rpc.Status` in the trailer Fabric's clients read. */
export function toServiceError(cause: unknown): Partial<ServiceError> & { code: status } {
  if (!(cause instanceof RpcFailure)) {
    return { code: status.INTERNAL, details: `the ledger failed: ${(cause as Error).message}` };
  }
  const error = { code: cause.code, details: cause.message };
  if (cause.details.length === 0) return error;
  const rpcStatus = new google.rpc.Status();
  rpcStatus.setCode(cause.code);
  rpcStatus.setMessage(cause.message);
  for (const detail of cause.details) packDetail(rpcStatus, detail);
  const metadata = new Metadata();
  metadata.set('grpc-status-details-bin', Buffer.from(rpcStatus.serializeBinary()));
  return { ...error, metadata };
}

function packDetail(rpcStatus: google.rpc.Status, detail: FailureDetail): void {
  const message = new gateway.ErrorDetail();
  message.setAddress(detail.address);
  message.setMspId(detail.mspId);
  message.setMessage(detail.message);
  rpcStatus.addDetails().pack(message.serializeBinary(), 'gateway.ErrorDetail');
}
