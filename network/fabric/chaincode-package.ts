import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { createTar } from 'nanotar';

const packages = ['@chartkey/chaincode', '@chartkey/vocabulary', '@chartkey/rules'];

/**
 * SHA-256, hex, over what the chaincode runs of our own: every compiled file by its name and content. A
 * chaincode-as-a-service package holds an address and no code, so this digest stands in the definition's
 * version: a member that approves it approves this code.
 */
export function codeDigest(): string {
  const hash = createHash('sha256');
  for (const name of packages) {
    const folder = dirname(require.resolve(name));
    const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith('.js'))
      .sort();
    for (const path of files) {
      const content = createHash('sha256')
        .update(readFileSync(join(folder, path)))
        .digest('hex');
      hash.update(`${content}  ${name}/${path}\n`);
    }
  }
  return hash.digest('hex');
}

export interface PackageParts {
  label: string;
  /** host:port of the member's chaincode process */
  address: string;
  /** PEM: the root of that process, and the pair that the peer shows to it */
  tls: { root: string; clientCertificate: string; clientKey: string };
}

/** The package that a peer installs: where the chaincode is, and how both prove themselves. Reproducible. */
export function chaincodePackage({ label, address, tls }: PackageParts): Buffer {
  const connection = {
    address,
    dial_timeout: '10s',
    tls_required: true,
    client_auth_required: true,
    client_key: tls.clientKey,
    client_cert: tls.clientCertificate,
    root_cert: tls.root,
  };
  const code = archive([['connection.json', Buffer.from(JSON.stringify(connection))]]);
  return archive([
    ['metadata.json', Buffer.from(JSON.stringify({ type: 'ccaas', label }))],
    ['code.tar.gz', code],
  ]);
}

/** Fabric's id of a package (`peer lifecycle chaincode calculatepackageid`). */
export function packageId(label: string, bytes: Buffer): string {
  return `${label}:${createHash('sha256').update(bytes).digest('hex')}`;
}

function archive(files: [name: string, data: Buffer][]): Buffer {
  const attrs = { mtime: 0, mode: '644', uid: 0, gid: 0 };
  return gzipSync(createTar(files.map(([name, data]) => ({ name, data, attrs }))));
}
