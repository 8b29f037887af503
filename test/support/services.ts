import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { IndexPlace } from '../../gateway/src/projection/database.ts';
import { openFileStore, type Store } from '../../gateway/src/vault/index.ts';
import type { S3Place } from './s3-server.ts';

/** What start-services has started. */
export interface SharedServices {
  s3: S3Place;
  /** URL of a database from which others are made */
  postgres: string;
}

/** Do the shared suites run on S3 and PostgreSQL in this project? Else on files and SQLite. */
export const onServices = (globalThis as { onServices?: boolean }).onServices === true;

export function sharedServices(): SharedServices {
  const text = process.env['CHARTKEY_TEST_SERVICES'];
  if (!text) throw new Error('no services were started: run this through npm run test:services');
  return JSON.parse(text) as SharedServices;
}

/** A bucket's or database's name that stands for a folder. */
export function nameFor(folder: string): string {
  return `t${createHash('sha256').update(folder).digest('hex').slice(0, 40)}`;
}

/** The folder whose files are the payloads of the vault in a folder: the S3 server keeps objects as files. */
export function payloadFolder(own: string): string {
  return onServices ? join(sharedServices().s3.buckets, nameFor(own)) : join(own, 'vault');
}

/** Opens the store of the payloads of the vault in a folder. */
export async function payloadsIn(own: string): Promise<Store> {
  if (!onServices) return openFileStore(join(own, 'vault'));
  const { bucketStore, madeBucket } = await import('./buckets.ts');
  const { s3 } = sharedServices();
  return bucketStore(s3, await madeBucket(s3, nameFor(own)));
}

const made = new Set<string>();

/** Where the index that stands for a folder lies; a database is made when it is first asked for. */
export async function indexIn(folder: string): Promise<IndexPlace> {
  if (!onServices) {
    mkdirSync(folder, { recursive: true });
    return { folder };
  }
  const admin = sharedServices().postgres;
  const name = nameFor(folder);
  const { createDatabase } = await import('./postgres-server.ts');
  if (!made.has(name)) await createDatabase(admin, name);
  made.add(name);
  return { url: admin.replace(/postgres$/, name) };
}

/**
 * The settings that put each organisation's payloads into a bucket and its index into a database of its own.
 * @param folder the data folder of the gateways
 * @returns by organisation; empty where this project has files and SQLite
 */
export async function servicesFor(
  folder: string,
  organisations: readonly string[],
): Promise<Map<string, Record<string, string>>> {
  const settings = new Map<string, Record<string, string>>();
  if (!onServices) return settings;
  const { madeBucket } = await import('./buckets.ts');
  const { s3 } = sharedServices();
  const secret = (name: string, text: string) => {
    writeFileSync(join(folder, name), text, { mode: 0o600 });
    return join(folder, name);
  };
  for (const organisation of organisations) {
    const own = join(folder, 'organisations', organisation);
    const place = await indexIn(own);
    settings.set(organisation, {
      S3_BUCKET: await madeBucket(s3, nameFor(own)),
      S3_ENDPOINT: s3.endpoint,
      S3_CREDENTIALS_FILE: secret('s3.json', credentialsText(s3)),
      DATABASE_URL_FILE: secret(`${organisation}.database`, 'url' in place ? place.url : ''),
    });
  }
  return settings;
}

/** What stands in a credentials file. */
export function credentialsText({ credentials }: Pick<S3Place, 'credentials'>): string {
  const { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey } = credentials;
  return JSON.stringify({ AccessKeyId, SecretAccessKey });
}
