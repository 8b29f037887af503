import 'reflect-metadata';
import { createPrivateKey, generateKeyPairSync, type KeyObject, randomBytes, webcrypto } from 'node:crypto';
import * as x509 from '@peculiar/x509';

/** A certificate with its private key, both PEM (the key PKCS #8). */
export interface Credential {
  readonly certificate: string;
  readonly privateKey: string;
}

export interface CertificateRequest {
  readonly commonName: string;
  readonly organisation: string;
  /** Fabric's node OU: `client`, `peer`, `orderer`; absent for a TLS server. */
  readonly role?: 'client' | 'peer' | 'orderer' | 'admin';
  /** Host names and addresses of a TLS server. */
  readonly hosts?: readonly string[];
  /** Default: since yesterday. */
  readonly notBefore?: Date;
  /** Default: ten years from now. */
  readonly notAfter?: Date;
}

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const DAY_MS = 86_400_000;

/** Makes a self-signed P-256 certificate authority. */
export async function makeAuthority(commonName: string, organisation: string): Promise<Credential> {
  const { privateKey, keys } = await newKeys();
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    ...validity({}),
    serialNumber: serialNumber(),
    name: subject({ commonName, organisation }),
    signingAlgorithm: ALGORITHM,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { certificate: pem(certificate), privateKey };
}

/** Issues a P-256 end-entity certificate with a fresh key. */
export async function issueCertificate(
  authority: Credential,
  request: CertificateRequest,
): Promise<Credential> {
  const { privateKey, keys } = await newKeys();
  const issuer = new x509.X509Certificate(authority.certificate);
  const certificate = await x509.X509CertificateGenerator.create({
    ...validity(request),
    serialNumber: serialNumber(),
    subject: subject(request),
    issuer: issuer.subjectName,
    signingAlgorithm: ALGORITHM,
    publicKey: keys.publicKey,
    signingKey: await importPrivate(createPrivateKey(authority.privateKey)),
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
      await x509.AuthorityKeyIdentifierExtension.create(issuer.publicKey),
      ...serverExtensions(request.hosts),
    ],
  });
  return { certificate: pem(certificate), privateKey };
}

function serverExtensions(hosts: readonly string[] = []): x509.Extension[] {
  if (hosts.length === 0) return [];
  const names = hosts.map((host) => ({ type: /^[\d.]+$/.test(host) ? 'ip' : 'dns', value: host }) as const);
  return [
    new x509.SubjectAlternativeNameExtension(names),
    new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
  ];
}

function subject(request: CertificateRequest): x509.JsonName {
  const role = request.role ? [{ OU: [request.role] }] : [];
  return [{ O: [request.organisation] }, ...role, { CN: [request.commonName] }];
}

function validity(request: { notBefore?: Date; notAfter?: Date }): { notBefore: Date; notAfter: Date } {
  return {
    notBefore: request.notBefore ?? new Date(Date.now() - DAY_MS),
    notAfter: request.notAfter ?? new Date(Date.now() + 3650 * DAY_MS),
  };
}

async function newKeys(): Promise<{ privateKey: string; keys: webcrypto.CryptoKeyPair }> {
  const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const spki = pair.publicKey.export({ type: 'spki', format: 'der' });
  return {
    privateKey: pair.privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
    keys: {
      privateKey: await importPrivate(pair.privateKey),
      publicKey: await webcrypto.subtle.importKey('spki', spki, ALGORITHM, true, ['verify']),
    },
  };
}

function importPrivate(key: KeyObject): Promise<webcrypto.CryptoKey> {
  const der = key.export({ type: 'pkcs8', format: 'der' });
  return webcrypto.subtle.importKey('pkcs8', der, ALGORITHM, false, ['sign']);
}

function serialNumber(): string {
  const bytes = randomBytes(16);
  bytes[0] = (bytes[0]! & 0x3f) | 0x40; // positive and of constant length in DER
  return bytes.toString('hex');
}

function pem(certificate: x509.X509Certificate): string {
  return `${certificate.toString('pem')}\n`;
}
