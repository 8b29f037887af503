import { createHmac } from 'node:crypto';
import { canonicalJson, Failure } from '@chartkey/vocabulary';
import type { Logger } from 'pino';
import * as z from 'zod';
import { type Config, ConfigError } from './config.ts';
import type { DataFolder } from './data-folder.ts';
import { secretOf } from './pinned.ts';
import { AlreadyInVault, NotInVault, openFileStore, type Store } from './vault/index.ts';

/** What AWS's tools print and take as `credential_process` output; other members are left alone. */
const Credentials = z.object({
  AccessKeyId: z.string().min(1),
  SecretAccessKey: z.string().min(1),
  SessionToken: z.string().min(1).optional(),
});

/** Whose payloads a bucket holds, for ever. */
interface Owner {
  network: string;
  organisation: string;
  /** tells one data folder of an organisation from another */
  folder: string;
}
/** The object that says so. */
const OWNER = 'owner';
const MOST_OWNER_BYTES = 1024;

/**
 * Opens the store of the sealed payloads: an S3 bucket when one is named, else the data folder.
 * @throws ConfigError S3_BUCKET when it cannot be used or is another organisation's; S3_CREDENTIALS_FILE
 */
export async function openPayloads(
  config: Config,
  folder: DataFolder,
  who: Omit<Owner, 'folder'>,
  log: Logger,
): Promise<Store> {
  const { S3_BUCKET: bucket, S3_ENDPOINT: endpoint, S3_REGION: region } = config;
  if (bucket === undefined) return openFileStore(folder.of('vault'));
  readCredentials(config);
  // Loaded only where it is needed: the library takes 36 MB and 0.1 s.
  const { openS3Store } = await import('./vault/store-s3.ts');
  let first: string | undefined;
  const store = openS3Store({
    ...{ bucket, endpoint, region },
    credentials: () => readCredentials(config),
    trouble: (why) => {
      first ??= why;
      log.warn({ why }, 'the bucket of the payloads cannot be used');
    },
  });
  try {
    await claim(store, bucket, { ...who, folder: markOf(folder) });
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    throw new ConfigError(
      'S3_BUCKET',
      `${bucket} cannot be used (${first}): look at it, S3_ENDPOINT and the credentials`,
    );
  }
  return store;
}

/** From a secret that was made with the folder, without telling it. */
function markOf({ retrySecret }: DataFolder): string {
  return createHmac('sha256', retrySecret).update('the bucket of this folder').digest('base64url');
}

/** @throws ConfigError S3_CREDENTIALS_FILE */
function readCredentials({ S3_CREDENTIALS_FILE: path }: Config) {
  const variable = 'S3_CREDENTIALS_FILE';
  if (path === undefined) throw new ConfigError(variable, 'goes with S3_BUCKET: give the path of a file');
  const text = secretOf(variable, path);
  try {
    const { AccessKeyId, SecretAccessKey, SessionToken: sessionToken } = Credentials.parse(JSON.parse(text));
    const pair = { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey };
    return sessionToken === undefined ? pair : { ...pair, sessionToken };
  } catch {
    throw new ConfigError(variable, `${path} does not hold {AccessKeyId, SecretAccessKey} in JSON`);
  }
}

/**
 * A sweep removes what its own ledger and data folder do not hold, so two gateways must never share a bucket.
 * What is there is read back: not every server keeps its word on conditional writes.
 */
async function claim(store: Store, bucket: string, owner: Owner): Promise<void> {
  const text = Buffer.from(canonicalJson(owner));
  const found = async () => {
    try {
      return await store.read(OWNER, MOST_OWNER_BYTES);
    } catch (error) {
      if (error instanceof NotInVault) return undefined;
      throw error;
    }
  };
  if ((await found()) === undefined) {
    await store.put(OWNER, [text], { ifAbsent: true }).catch((error: unknown) => {
      if (!(error instanceof AlreadyInVault)) throw error;
    });
  }
  if ((await found())?.equals(text)) return;
  throw new ConfigError(
    'S3_BUCKET',
    `${bucket} holds the payloads of another gateway or data folder: use another bucket`,
  );
}
