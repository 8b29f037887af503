import 'reflect-metadata';
import { createPrivateKey, webcrypto } from 'node:crypto';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { SubjectAlternativeNameExtension, X509CertificateGenerator } from '@peculiar/x509';
import { CallFailed } from '../../../gateway/src/release/answer-body.ts';
import { Destinations } from '../../../gateway/src/release/destinations.ts';
import { Outgoing } from '../../../gateway/src/release/outgoing.ts';
import { TestConsortium } from './consortium.ts';

const host = 'riverside.test';
const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };

/** A certificate for a name, signed by itself. */
async function newCertificate(name: string) {
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const certificate = await X509CertificateGenerator.createSelfSigned({
    name: `CN=${name}`,
    keys: keys as CryptoKeyPair,
    signingAlgorithm: algorithm,
    extensions: [new SubjectAlternativeNameExtension([{ type: 'dns', value: name }])],
  });
  const pkcs8 = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey));
  const key = createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' });
  return {
    cert: certificate.toString('pem'),
    der: Buffer.from(certificate.rawData).toString('base64'),
    key: key.export({ format: 'pem', type: 'pkcs8' }),
  };
}

let server: Server | undefined;
afterEach(() => {
  server?.closeAllConnections();
  server?.close();
});

/** Calls a gateway that shows one certificate while the genesis document pins another as its root. */
async function call(shown: Awaited<ReturnType<typeof newCertificate>>, pinned: string[]): Promise<string> {
  server = createServer({ cert: shown.cert, key: shown.key }, (_request, response) => response.end('here'));
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const { genesis } = new TestConsortium({ RiversideMSP: `https://${host}:${port}` });
  Object.assign(genesis.organisations[0] ?? {}, { tlsRoots: pinned });
  const outgoing = new Outgoing(new Destinations(genesis, async () => [{ address: '127.0.0.1', family: 4 }]));
  try {
    const path = '/v1/releases';
    const asked = { organisation: 'RiversideMSP', method: 'GET' as const, path, milliseconds: 5000 };
    return (await outgoing.answer(asked, 100)).body.toString();
  } finally {
    outgoing.close();
  }
}

test('a gateway whose certificate chains to its pinned root is called', async () => {
  const own = await newCertificate(host);
  expect(await call(own, [own.der])).toBe('here');
});

test('a gateway with another root is not called', async () => {
  const [own, other] = [await newCertificate(host), await newCertificate(host)];
  await expect(call(own, [other.der])).rejects.toThrow(CallFailed);
});

test('a gateway whose certificate is for another name is not called', async () => {
  const own = await newCertificate('lakeside.test');
  await expect(call(own, [own.der])).rejects.toThrow(CallFailed);
});
