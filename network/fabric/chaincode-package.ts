import { createHash, createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { createTar } from 'nanotar';
import type { Definition } from './deploy.ts';
import type { FabricPlan } from './plan.ts';

export interface PackageParts {
  label: string;
  /** host:port of the member's chaincode process */
  address: string;
  /** PEM: the root of that process, and the pair that the peer shows to it */
  tls: { root: string; clientCertificate: string; clientKey: string };
}

/** @throws Error with one line that names what a peer could not use */
export function refuseUnfit({ address, tls }: PackageParts): void {
  if (!/^[A-Za-z0-9.-]+:[0-9]{1,5}$/.test(address)) throw new Error(`${address} is no HOST:PORT.`);
  const fits = (check: () => boolean) => {
    try {
      return check();
    } catch {
      return false;
    }
  };
  const certificate = (pem: string) => new X509Certificate(pem);
  if (!fits(() => certificate(tls.root).ca))
    throw new Error('ROOT is no certificate of an authority, in PEM.');
  const isPair = () => certificate(tls.clientCertificate).checkPrivateKey(createPrivateKey(tls.clientKey));
  if (!fits(isPair)) throw new Error('CERTIFICATE and CLIENT-KEY are no pair, in PEM.');
}

/** The package that a peer installs: where the chaincode is, and how both prove themselves. Reproducible. */
export function chaincodePackage({ label, address, tls }: PackageParts): Buffer {
  const connection = {
    address,
    // While the process is down each request waits so long; so long after its return it is found at the latest.
    dial_timeout: '2s',
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

/** Each member's package, and its id: where its chaincode process is, and how both prove themselves. */
export function packagesOf(plan: FabricPlan): Definition['packages'] {
  const read = (path: string) => readFileSync(path, 'utf8');
  const label = plan.consortium.chaincode;
  return new Map(
    plan.nodes.map(({ member }) => {
      const client = plan.chaincodeTls(member, 'client');
      const bytes = chaincodePackage({
        label,
        address: plan.address('chaincode', member),
        tls: {
          root: read(plan.chaincodeTls(member, 'ca').certificate),
          clientCertificate: read(client.certificate),
          clientKey: read(client.privateKey),
        },
      });
      return [member.id, { id: packageId(label, bytes), bytes }];
    }),
  );
}

/** Fabric's id of a package (`peer lifecycle chaincode calculatepackageid`). */
export function packageId(label: string, bytes: Buffer): string {
  return `${label}:${createHash('sha256').update(bytes).digest('hex')}`;
}

function archive(files: [name: string, data: Buffer][]): Buffer {
  const attrs = { mtime: 0, mode: '644', uid: 0, gid: 0 };
  return gzipSync(createTar(files.map(([name, data]) => ({ name, data, attrs }))));
}
