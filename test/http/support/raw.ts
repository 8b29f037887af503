import type { Socket } from 'node:net';
import { patient } from './memory-gateway.ts';

/** The header every request needs. */
export const host = 'Host: gateway.example\r\n';
/** The head of an upload, to be followed by as much of a body as a test likes. */
export const uploadHead = (length: string) =>
  `POST /v1/records?patient=${patient} HTTP/1.1\r\n${host}Authorization: Bearer device\r\nIdempotency-Key: k\r\n${length}\r\n`;

/** Resolves with everything a socket brought once the other side has closed it. */
export function closing(socket: Socket): Promise<string> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    socket.on('data', (chunk) => chunks.push(chunk)).on('error', () => undefined);
    socket.on('close', () => resolve(Buffer.concat(chunks).toString()));
  });
}

/** A listener that writes a text once its socket is connected. */
export function write(text: string) {
  return function (this: Socket) {
    this.write(text);
  };
}

/** Waits until something holds; a test's time limit ends what never does. */
export async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 10));
}
