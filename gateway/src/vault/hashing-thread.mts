// Runs on a thread of its own: the SHA-256 of each stream, which comes as a port (content-digest.ts).
import { createHash } from 'node:crypto';
import { type MessagePort, parentPort } from 'node:worker_threads';
import type { Answered, Asked } from './content-digest.ts';

parentPort?.on('message', (port: MessagePort) => {
  const hash = createHash('sha256');
  port.on('message', ({ bytes, last }: Asked) => {
    hash.update(bytes);
    const answered: Answered = last ? { sha256: hash.digest() } : { block: bytes };
    port.postMessage(answered, last ? [] : [bytes.buffer]);
  });
});
