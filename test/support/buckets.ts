import type { Store } from '../../gateway/src/vault/index.ts';
import { openS3Store } from '../../gateway/src/vault/store-s3.ts';
import { REGION, type S3Place, s3Client } from './s3-server.ts';

/** A store on a bucket; what keeps it from being used is put into `troubles`. */
export function bucketStore(
  { endpoint, credentials }: Pick<S3Place, 'endpoint' | 'credentials'>,
  bucket: string,
  troubles: string[] = [],
): Store {
  const trouble = (why: string) => void troubles.push(why);
  return openS3Store({ bucket, endpoint, region: REGION, credentials: () => credentials, trouble });
}

/** Makes a bucket unless it is there. */
export async function madeBucket(s3: S3Place, bucket: string): Promise<string> {
  await s3Client(s3)
    .createBucket({ Bucket: bucket })
    .catch((error: Error) => {
      if (error.name !== 'BucketAlreadyOwnedByYou') throw error;
    });
  return bucket;
}
