import { createCipheriv, createHash, randomBytes } from 'node:crypto';
import { closeSync, fsyncSync, openSync, readdirSync, rmSync, writeSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { connect } from 'node:net';
import { join } from 'node:path';
import { type Device, randomId } from '@chartkey/client';
import { tokenOf } from './reads.ts';

const CHUNK = 1 << 20;
const END_OF_HEAD = '\r\n\r\n';

/** AES-256-GCM and SHA-256 over so many bytes, nothing else: bytes per second. */
export function bareCrypto(bytes: number): number {
  const chunk = randomBytes(CHUNK);
  const cipher = createCipheriv('aes-256-gcm', randomBytes(32), randomBytes(12));
  const hash = createHash('sha256');
  const began = performance.now();
  for (let done = 0; done < bytes; done += CHUNK) {
    hash.update(chunk);
    cipher.update(chunk);
  }
  cipher.final();
  hash.digest();
  return bytes / ((performance.now() - began) / 1000);
}

/** Writes so many bytes to a file, with one sync, and removes it: bytes per second. */
export function bareDisk(folder: string, bytes: number): number {
  const chunk = randomBytes(CHUNK);
  const path = join(folder, 'bare');
  const file = openSync(path, 'w');
  const began = performance.now();
  for (let done = 0; done < bytes; done += CHUNK) writeSync(file, chunk);
  fsyncSync(file);
  const speed = bytes / ((performance.now() - began) / 1000);
  closeSync(file);
  rmSync(path);
  return speed;
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

/** Uploads so many bytes over REST; answers the record and the bytes per second. */
export async function upload(
  device: Device,
  patient: string,
  bytes: number,
): Promise<{ record: string; speed: number }> {
  const { text: token } = await tokenOf(device);
  const chunk = randomBytes(CHUNK);
  const began = performance.now();
  const answer = await new Promise<string>((done, failed) => {
    const sent = request(
      `${device.gateway.url}/v1/records?patient=${patient}`,
      {
        method: 'POST',
        agent: new Agent(),
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

/**
 * Downloads a record over REST, checks status and length, and counts its bytes: bytes per second. On a plain
 * socket with one buffer, as curl would: node:http makes a buffer for every piece, which costs more than the
 * gateway's own work and would be measured as the gateway's.
 */
export async function download(device: Device, record: string, bytes: number): Promise<number> {
  const { hostname, port } = new URL(device.gateway.url);
  const { text: token } = await tokenOf(device);
  const head = [
    `GET /v1/records/${record}/content HTTP/1.1`,
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
  return speed;
}
