import { createCipheriv, createHash, randomBytes } from 'node:crypto';
import { Agent, request } from 'node:http';
import { clientAssertion, type Device, randomId } from '@chartkey/client';

const CHUNK = 1 << 20;

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

async function bearer({ signer, practice, gateway }: Device): Promise<string> {
  const answer = await fetch(gateway.tokenUrl, {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'client_credentials',
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_assertion: await clientAssertion({ signer, practice, tokenUrl: gateway.tokenUrl }),
    }),
  });
  return ((await answer.json()) as { access_token: string }).access_token;
}

/** Uploads so many bytes over REST; answers the record and the bytes per second. */
export async function upload(
  device: Device,
  patient: string,
  bytes: number,
): Promise<{ record: string; speed: number }> {
  const token = await bearer(device);
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

/** Downloads a record over REST and counts its bytes: bytes per second. */
export async function download(device: Device, record: string, bytes: number): Promise<number> {
  const headers = { Authorization: `Bearer ${await bearer(device)}` };
  const began = performance.now();
  const got = await new Promise<number>((done, failed) => {
    request(
      `${device.gateway.url}/v1/records/${record}/content`,
      { agent: new Agent(), headers },
      (answer) => {
        let count = 0;
        answer.on('data', (part: Buffer) => {
          count += part.length;
        });
        answer.on('error', failed);
        answer.on('end', () => done(count));
      },
    )
      .on('error', failed)
      .end();
  });
  if (got !== bytes) throw new Error(`${got} of ${bytes} bytes came back`);
  return bytes / ((performance.now() - began) / 1000);
}
