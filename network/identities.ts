import { createPrivateKey, X509Certificate } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { type CertificateRequest, type Credential, issueCertificate, makeAuthority } from './certificates.ts';
import { type Consortium, DEMO_CONSORTIUM, type Member } from './consortium.ts';
import { writeDurably } from './durable-file.ts';
import {
  type CredentialFiles,
  type IdentityFiles,
  identityFiles,
  type OrganisationFiles,
} from './identity-files.ts';

/**
 * Makes what is missing of the demo network's crypto material and leaves the rest as it is, so it may be
 * killed at any moment and run again. Keys have mode 0600, folders 0700.
 */
export async function makeIdentities(
  dataDir: string,
  consortium: Consortium = DEMO_CONSORTIUM,
): Promise<IdentityFiles> {
  const files = identityFiles(dataDir, consortium);
  for (const member of consortium.members)
    await makeOrganisation(files.organisations.get(member.id)!, member);
  const tls = await ensureAuthority(files.tlsAuthority, 'tlsca.ledger', 'Chartkey embedded ledger');
  await ensureIssued(files.tlsServer, tls, {
    commonName: 'localhost',
    organisation: 'Chartkey embedded ledger',
    hosts: ['localhost', '127.0.0.1'],
  });
  const ordering = await ensureAuthority(files.ordererAuthority, 'ca.orderer', 'Chartkey embedded ordering');
  await ensureIssued(files.orderer, ordering, {
    commonName: 'orderer0',
    organisation: 'Chartkey embedded ordering',
    role: 'orderer',
  });
  return files;
}

async function makeOrganisation(files: OrganisationFiles, member: Member): Promise<void> {
  const authority = await ensureAuthority(files.authority, `ca.${member.label}`, member.name);
  const subject = { organisation: member.name };
  await ensureIssued(files.client, authority, {
    ...subject,
    commonName: `gateway.${member.label}`,
    role: 'client',
  });
  if (!files.peer) return;
  await ensureIssued(files.peer, authority, {
    ...subject,
    commonName: `peer0.${member.label}`,
    role: 'peer',
  });
}

/** The authority in these files; a new one when it is missing. */
export async function ensureAuthority(files: CredentialFiles, commonName: string, organisation: string) {
  return readCredential(files) ?? save(files, await makeAuthority(commonName, organisation));
}

/** Issues a certificate into these files, unless one of this authority’s is there. */
export async function ensureIssued(
  files: CredentialFiles,
  authority: Credential,
  request: CertificateRequest,
) {
  const issuer = new X509Certificate(authority.certificate);
  const kept = readCredential(files);
  if (kept && new X509Certificate(kept.certificate).verify(issuer.publicKey)) return;
  save(files, await issueCertificate(authority, request));
}

/** Reads a pair; undefined when a half is missing or the halves do not belong together. */
export function readCredential(files: CredentialFiles): Credential | undefined {
  if (!existsSync(files.certificate) || !existsSync(files.privateKey)) return undefined;
  const credential = {
    certificate: readFileSync(files.certificate, 'utf8'),
    privateKey: readFileSync(files.privateKey, 'utf8'),
  };
  const matches = new X509Certificate(credential.certificate).checkPrivateKey(
    createPrivateKey(credential.privateKey),
  );
  return matches ? credential : undefined;
}

function save(files: CredentialFiles, credential: Credential): Credential {
  writeDurably(files.privateKey, credential.privateKey, 0o600);
  writeDurably(files.certificate, credential.certificate, 0o644);
  return credential;
}
