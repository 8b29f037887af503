import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { S3 } from '@aws-sdk/client-s3';
import { Failure } from '@chartkey/vocabulary';
import { NotInVault, VaultFull } from './failures.ts';

/** What requests to S3 are signed with. */
export interface S3Credentials {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken?: string;
}

/** A bucket of one organisation's own. */
export interface BucketSettings {
  bucket: string;
  region: string;
  /** base URL of an S3-compatible server; AWS's own for the region when absent */
  endpoint?: string | undefined;
  /** asked before each request, so that credentials can be replaced at any time */
  credentials: () => S3Credentials;
  /** told why the bucket could not be used, e.g. `NoSuchBucket`: a code of S3's or of the network's */
  trouble: (why: string) => void;
}

/** Tries of one request, the first among them; waits between them double, with jitter. */
const TRIES = 4;
/** Milliseconds: longer than a slow reader of ours may stand still (IDLE_SECONDS). */
const IDLE = 60_000;
const CONNECTIONS = { keepAlive: true, maxSockets: 512 };
/** Answers that whoever asks is prepared for. */
const expectedCodes = new Set([
  ...['PreconditionFailed', 'ConditionalRequestConflict', 'InvalidRange', 'NoSuchUpload', 'NotFound'],
]);
const fullCodes = new Set(['QuotaExceeded', 'InsufficientStorage', 'StorageFull', 'XMinioStorageFull']);

/** A bucket and how to ask it. */
export class Bucket {
  readonly name: string;
  private readonly s3: S3;
  private readonly trouble: BucketSettings['trouble'];

  constructor({ bucket, region, endpoint, credentials, trouble }: BucketSettings) {
    this.name = bucket;
    this.trouble = trouble;
    this.s3 = new S3({
      region,
      ...(endpoint !== undefined && { endpoint, forcePathStyle: true }),
      // What has expired is asked for anew with each request.
      credentials: async () => ({ ...credentials(), expiration: new Date(0) }),
      maxAttempts: TRIES,
      requestHandler: {
        connectionTimeout: 3_000,
        socketTimeout: IDLE,
        httpAgent: new HttpAgent(CONNECTIONS),
        httpsAgent: new HttpsAgent(CONNECTIONS),
      },
      // Whatever is read is checked against its tags and its anchor, which is more than a checksum says.
      responseChecksumValidation: 'WHEN_REQUIRED',
    });
  }

  /**
   * Asks S3 one thing, again a few times when it does not answer or is busy.
   * @throws NotInVault, VaultFull; Failure VAULT_UNAVAILABLE; `causeOf` tells the code behind it
   */
  async ask<Answer>(request: (s3: S3) => Promise<Answer>, name = 'object'): Promise<Answer> {
    try {
      return await request(this.s3);
    } catch (error) {
      throw this.failureOf(error, name);
    }
  }

  private failureOf(error: unknown, name: string): Error {
    const code = s3Code(error);
    if (code === 'NoSuchKey') return new NotInVault(name, { cause: error });
    if (fullCodes.has(code)) return new VaultFull({ cause: error });
    if (!expectedCodes.has(code)) this.trouble(code);
    const failure = new Failure('VAULT_UNAVAILABLE');
    failure.cause = error;
    return failure;
  }
}

/** The code of what S3 or the network said behind an error of `Bucket.ask`. */
export function causeOf(error: unknown): string | undefined {
  return error instanceof Error && error.cause !== undefined ? s3Code(error.cause) : undefined;
}

/** A code such as `NoSuchBucket` or `ECONNREFUSED`, never a message, which may name what we sent. */
function s3Code(error: unknown): string {
  const { name, code } = (error ?? {}) as { name?: unknown; code?: unknown };
  const found = [code, name].find((one) => typeof one === 'string' && one !== 'Error');
  return typeof found === 'string' ? found : 'unknown';
}
