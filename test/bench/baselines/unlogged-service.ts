import { createCipheriv, createDecipheriv, createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import express from 'express';
import { rawClient } from '../raw-client.ts';

// The usual service in front of Fabric: asks the chaincode whether the caller may look (evaluate, so nothing is
// logged), decrypts, answers. Its settings come as one JSON argument; it prints the port it listens on.

const { access, organisation, bytes, token } = JSON.parse(process.argv[2]!) as {
  access: Parameters<typeof rawClient>[0];
  organisation: string;
  bytes: number;
  token: string;
};
const { contract } = rawClient(access, organisation);
const expected = createHash('sha256').update(`Bearer ${token}`).digest();
const [key, nonce] = [randomBytes(32), randomBytes(12)];
const cipher = createCipheriv('aes-256-gcm', key, nonce);
const sealed = Buffer.concat([cipher.update(randomBytes(bytes)), cipher.final()]);
const tag = cipher.getAuthTag();

const app = express();
app.disable('x-powered-by');
app.get('/records/:id', async (request, response) => {
  const shown = createHash('sha256')
    .update(request.get('authorization') ?? '')
    .digest();
  if (!timingSafeEqual(shown, expected)) {
    response.sendStatus(401);
    return;
  }
  await contract.evaluateTransaction('looks:mayLook', request.params.id, organisation);
  const open = createDecipheriv('aes-256-gcm', key, nonce).setAuthTag(tag);
  response.type('application/octet-stream').send(Buffer.concat([open.update(sealed), open.final()]));
});
const server = app.listen(0, '127.0.0.1', () => {
  const address = server.address();
  console.log(`listening on ${typeof address === 'object' ? address?.port : address}`);
});
