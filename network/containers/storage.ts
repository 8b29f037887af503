import { type Consortium, isCareMember, type Member } from '../consortium.ts';
import type { Secrets } from './secrets.ts';
import type { Volume } from './volume.ts';

/*
 * Where gateways keep their indexes (PostgreSQL: a database and a role each) and hospitals their sealed
 * payloads (an S3-compatible store each).
 */

export const STORE_PORT = 7070;

/** In a gateway’s HOME. */
export const storageFiles = { databaseUrl: 'database-url', s3Credentials: 's3-credentials.json' } as const;

/** Third parties have no index. */
export const hasIndex = (member: Member) => member.gateway && isCareMember(member);
/** Hospitals alone hold records. */
export const hasStore = (member: Member) => member.gateway && member.kind === 'hospital';

/** The secrets of a gateway's storage, by their path in its key volume. */
export function storageSecrets(member: Member, secrets: Secrets): [path: string, text: string][] {
  const { label } = member;
  const files: [string, string][] = [];
  if (hasIndex(member)) {
    const password = secrets.of(`postgres-${label}`);
    files.push([storageFiles.databaseUrl, `postgresql://${label}:${password}@postgres:5432/${label}\n`]);
  }
  if (hasStore(member)) {
    const pair = { AccessKeyId: label, SecretAccessKey: secrets.of(`store-${label}`) };
    files.push([storageFiles.s3Credentials, `${JSON.stringify(pair)}\n`]);
  }
  return files;
}

/** What PostgreSQL's image runs when its data folder is empty, and the password of its superuser. */
export function fillPostgres(volume: Volume, { members }: Consortium, secrets: Secrets): void {
  const lines = members
    .filter(hasIndex)
    .flatMap(({ label }) => [
      `CREATE ROLE ${label} LOGIN PASSWORD '${secrets.of(`postgres-${label}`)}';`,
      `CREATE DATABASE ${label} OWNER ${label};`,
      `REVOKE CONNECT ON DATABASE ${label} FROM PUBLIC;`,
    ]);
  volume.put('consortium.sql', `${lines.join('\n')}\n`);
  volume.put('password', secrets.of('postgres'));
}

/** A store's root credentials, as a shell reads them, and its one bucket: a folder, to versitygw. */
export function fillStore(volume: Volume, member: Member, secrets: Secrets): void {
  if (!hasStore(member)) return;
  const { label } = member;
  const lines = [`export ROOT_ACCESS_KEY=${label}`, `export ROOT_SECRET_KEY=${secrets.of(`store-${label}`)}`];
  volume.put('credentials', `${lines.join('\n')}\n`);
  volume.folder(`data/${label}`);
}
