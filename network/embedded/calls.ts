import {
  type ServerDuplexStream,
  type ServerUnaryCall,
  type ServerWritableStream,
  type sendUnaryData,
  status,
} from '@grpc/grpc-js';
import type { Send } from './block-streams.ts';
import { RpcFailure, toServiceError } from './failure.ts';

interface Message {
  serializeBinary(): Uint8Array;
}

interface Decoder<Request> {
  deserializeBinary(bytes: Uint8Array): Request;
}

/** Fabric's limiter: counts what is under way and refuses what is beyond. */
export class Limit {
  readonly #service: string;
  readonly #most: number;
  #underWay = 0;

  constructor(service: string, most: number) {
    this.#service = service;
    this.#most = most;
  }

  enter(): () => void {
    if (this.#underWay >= this.#most) {
      const message = `too many requests for ${this.#service}, exceeding concurrency limit (${this.#most})`;
      throw new RpcFailure(status.UNKNOWN, message);
    }
    this.#underWay++;
    let left = false;
    return () => {
      if (!left) this.#underWay--;
      left = true;
    };
  }
}

/** A unary method's wire form; streams override what differs. */
export function method<Request extends Message>(path: string, request: Decoder<Request>) {
  return {
    path,
    requestStream: false,
    responseStream: false,
    requestSerialize: (message: Request) => view(message.serializeBinary()),
    requestDeserialize: (bytes: Buffer) => request.deserializeBinary(bytes),
    responseSerialize: (message: Message) => view(message.serializeBinary()),
    responseDeserialize: (bytes: Buffer) => bytes,
  };
}

/** Serves a unary call within the limit; the handler may ask for a signal that fires when the caller goes. */
export function unary<Request, Response>(
  limit: Limit,
  handle: (request: Request, signal: () => AbortSignal) => Response | Promise<Response>,
) {
  return async (
    call: ServerUnaryCall<Request, Response>,
    callback: sendUnaryData<Response>,
  ): Promise<void> => {
    let leave: (() => void) | undefined;
    try {
      leave = limit.enter();
      callback(null, await handle(call.request, () => abortSignal(call)));
    } catch (error) {
      callback(toServiceError(error));
    } finally {
      leave?.();
    }
  };
}

type Writable = ServerWritableStream<unknown, Uint8Array> | ServerDuplexStream<unknown, Uint8Array>;

/** Serves a streaming call within the limit and ends it. */
export async function stream(
  call: Writable,
  limit: Limit,
  serve: (send: Send, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  let leave: (() => void) | undefined;
  try {
    leave = limit.enter();
    const signal = abortSignal(call);
    call.on('error', () => undefined);
    await serve((message) => sendOne(call, message, signal), signal);
    call.end();
  } catch (error) {
    call.emit('error', toServiceError(error));
  } finally {
    leave?.();
  }
}

function sendOne(call: Writable, message: Uint8Array, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    // A stream may send for as long as the ledger runs: what listened for its end may not gather.
    const done = () => {
      signal.removeEventListener('abort', done);
      resolve();
    };
    signal.addEventListener('abort', done);
    call.write(message, done);
  });
}

function abortSignal(call: {
  on(event: 'cancelled', listener: () => void): unknown;
  cancelled: boolean;
}): AbortSignal {
  const controller = new AbortController();
  call.on('cancelled', () => controller.abort());
  if (call.cancelled) controller.abort();
  return controller.signal;
}

export function view(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
