import { createCipheriv, createHash, randomBytes } from 'node:crypto';
import { readdirSync, rmSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { randomId } from '@chartkey/client';

const CHUNK = 1 << 20;
const END_OF_HEAD = '\r\n\r\n';

/** AES-256-GCM and SHA-256 over so many bytes, nothing else, so often: bytes per second. */
export function bareCrypto(bytes: number, times: number): number {
  const chunk = randomBytes(Math.min(CHUNK, bytes));
  const [key, iv] = [randomBytes(32), randomBytes(12)];
  const began = performance.now();
  for (let time = 0; time < times; time += 1) {
    const cipher = createCipheriv('aes-256-gcm', key, iv);
    const hash = createHash('sha256');
    for (let done = 0; done < bytes; done += CHUNK) {
      hash.update(chunk);
      cipher.update(chunk);
    }
    cipher.final();
    hash.digest();
  }
  return (bytes * times) / ((performance.now() - began) / 1000);
}

/**
 * Removes every sealed content below a folder, so that the next upload lies in the memory that this one
 * used. The host of a virtual machine gives out each page at its first use, which takes longer than all else
 * that is done with it, and would be measured as the gateway's.
 */
export function removeContents(folder: string): void {
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    if (name.endsWith('.sealed')) rmSync(join(folder, name));
  }
}

export interface Upload {
  /** the gateway's */
  url: string;
  token: string;
  patient: string;
  bytes: number;
  /** connections that are used again; one of its own, when absent */
  agent?: Agent;
}

/** Uploads so many bytes over REST; answers the record and the bytes per second. */
export async function upload({
  url,
  token,
  patient,
  bytes,
  agent = new Agent(),
}: Upload): Promise<{ record: string; speed: number }> {
  const chunk = randomBytes(Math.min(CHUNK, bytes));
  const began = performance.now();
  const answer = await new Promise<string>((done, failed) => {
    const sent = request(
      `${url}/v1/records?patient=${patient}`,
      {
        method: 'POST',
        agent,
        headers: {
          Authorization: `Bearer ${token}`,
          'Content-Type': 'application/octet-stream',
          'Content-Length': bytes,
          'Idempotency-Key': randomId(),
        },
      },
      (response) => {
        let text = '';
        response.on('data', (part: Buffer) => {
          text += part;
        });
        response.on('end', () => (response.statusCode === 201 ? done(text) : failed(new Error(text))));
      },
    );
    sent.on('error', failed);
    let left = bytes;
    const push = () => {
      while (left > 0) {
        const part = left < CHUNK ? chunk.subarray(0, left) : chunk;
        left -= part.length;
        if (!sent.write(part)) {
          sent.once('drain', push);
          return;
        }
      }
      sent.end();
    };
    push();
  });
  const speed = bytes / ((performance.now() - began) / 1000);
  return { record: (JSON.parse(answer) as { record: string }).record, speed };
}

/** What a download took, and what it was answered. */
export interface Downloaded {
  /** bytes per second */
  speed: number;
  /** of a logged read */
  access: string | undefined;
}

/**
 * Downloads, checks status and length, and counts the bytes. On a plain socket with one buffer, as curl would:
 * node:http makes a buffer for every piece, which costs more than the gateway's own work and would be measured
 * as the gateway's.
 */
export async function download(url: string, token: string, bytes: number): Promise<Downloaded> {
  const { hostname, port, pathname } = new URL(url);
  const head = [
    `GET ${pathname} HTTP/1.1`,
    `Host: ${hostname}:${port}`,
    `Authorization: Bearer ${token}`,
    'Connection: close',
  ].join('\r\n');
  const began = performance.now();
  let [answered, arrived] = ['', 0];
  await new Promise<void>((done, failed) => {
    const count = (length: number, buffer: Uint8Array) => {
      arrived += length;
      if (answered.includes(END_OF_HEAD)) return true;
      // What is longer than the head was content.
      answered += Buffer.from(buffer.buffer, buffer.byteOffset, length).toString('latin1');
      const end = answered.indexOf(END_OF_HEAD);
      if (end >= 0) arrived = answered.length - end - END_OF_HEAD.length;
      return true;
    };
    connect({ host: hostname, port: Number(port), onread: { buffer: Buffer.alloc(CHUNK), callback: count } })
      .on('error', failed)
      .on('close', () => done())
      .write(`${head}${END_OF_HEAD}`);
  });
  const speed = bytes / ((performance.now() - began) / 1000);
  if (!answered.startsWith('HTTP/1.1 200 ')) throw new Error(answered.slice(0, 2000));
  if (!answered.includes(`\r\nContent-Length: ${bytes}\r\n`)) throw new Error('another length was announced');
  if (arrived !== bytes) throw new Error(`${arrived} of ${bytes} bytes came back`);
  return { speed, access: /\r\nAccess-Id: (\S+)\r\n/.exec(answered)?.[1] };
}
