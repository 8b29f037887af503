import { Readable } from 'node:stream';
import type {
  ListMultipartUploadsOutput,
  ListMultipartUploadsRequest,
  MultipartUpload,
} from '@aws-sdk/client-s3';
import type { ByteRange } from '@chartkey/vocabulary';
import { NotInVault, Tampered } from './failures.ts';
import { checkName } from './names.ts';
import { Bucket, type BucketSettings, causeOf } from './s3-bucket.ts';
import { cutParts } from './s3-parts.ts';
import { Upload } from './s3-upload.ts';
import type { ByteSource } from './segments.ts';
import type { Store, StoredObject } from './store.ts';

/**
 * Objects in an S3 bucket, under their names. One process at a time may write there. Every call throws a
 * Failure VAULT_UNAVAILABLE when the bucket cannot be used, after a few tries.
 */
export function openS3Store(settings: BucketSettings): Store {
  return new S3Store(new Bucket(settings));
}

class S3Store implements Store {
  /** names that are being written now: their unfinished uploads are not left over */
  private readonly writing = new Set<string>();

  constructor(private readonly bucket: Bucket) {}

  async put(name: string, bytes: ByteSource, { ifAbsent = false } = {}): Promise<void> {
    const upload = new Upload(this.bucket, checkName(name), ifAbsent);
    let sending = Promise.resolve();
    this.writing.add(name);
    try {
      for await (const part of cutParts(bytes)) {
        await sending;
        sending = upload.send(part);
        // The next one hears of a failure; until then it must not count as unhandled.
        sending.catch(() => {});
        if (part.last) await sending;
      }
    } catch (error) {
      await sending.catch(() => {});
      await upload.abandon();
      throw error;
    } finally {
      this.writing.delete(name);
    }
  }

  async get(name: string, range?: ByteRange): Promise<Readable> {
    const { body } = await this.open(name, range);
    return body;
  }

  async read(name: string, most: number): Promise<Buffer> {
    const { body, length } = await this.open(name);
    if (length > most) {
      body.destroy();
      throw new Tampered('size of a stored object');
    }
    return Buffer.concat(await this.bucket.ask(() => body.toArray(), name));
  }

  async *list(prefix: string): AsyncIterable<StoredObject> {
    for (let token: string | undefined; ; ) {
      const asked = { Bucket: this.bucket.name, Prefix: prefix, ContinuationToken: token };
      const page = await this.bucket.ask((s3) => s3.listObjectsV2(asked));
      for (const { Key, LastModified } of page.Contents ?? []) {
        if (Key !== undefined) yield { name: Key, writtenAt: LastModified?.getTime() ?? Date.now() };
      }
      token = page.NextContinuationToken;
      if (token === undefined) return;
    }
  }

  async delete(name: string): Promise<void> {
    const object = { Bucket: this.bucket.name, Key: checkName(name) };
    try {
      await this.bucket.ask((s3) => s3.deleteObject(object), name);
    } catch (error) {
      if (!(error instanceof NotInVault)) throw error;
    }
  }

  /** Asks for a listing, since the answer to HEAD does not tell a missing bucket from a missing object. */
  async exists(name: string): Promise<boolean> {
    for await (const object of this.list(checkName(name))) return object.name === name;
    return false;
  }

  async discardUnfinished(): Promise<number> {
    const Bucket = this.bucket.name;
    let discarded = 0;
    for await (const { Key = '', UploadId = '' } of this.unfinished()) {
      if (this.writing.has(Key)) continue;
      await this.bucket.ask((s3) => s3.abortMultipartUpload({ Bucket, Key, UploadId })).catch(unlessGone);
      discarded += 1;
    }
    return discarded;
  }

  private async *unfinished(): AsyncIterable<MultipartUpload> {
    let from: Pick<ListMultipartUploadsRequest, 'KeyMarker' | 'UploadIdMarker'> | undefined = {};
    while (from) {
      const asked = { Bucket: this.bucket.name, ...from };
      const page: ListMultipartUploadsOutput = await this.bucket.ask((s3) => s3.listMultipartUploads(asked));
      yield* page.Uploads ?? [];
      const { IsTruncated, NextKeyMarker = '', NextUploadIdMarker = '' } = page;
      from = IsTruncated ? { KeyMarker: NextKeyMarker, UploadIdMarker: NextUploadIdMarker } : undefined;
    }
  }

  private async open(name: string, range?: ByteRange): Promise<{ body: Readable; length: number }> {
    const asked = {
      Bucket: this.bucket.name,
      Key: checkName(name),
      ...(range && { Range: `bytes=${range.start}-${range.end}` }),
    };
    try {
      const { Body, ContentLength } = await this.bucket.ask((s3) => s3.getObject(asked), name);
      if (!(Body instanceof Readable) || ContentLength === undefined) {
        throw new TypeError('S3 answered without a body, or its length');
      }
      return { body: Body, length: ContentLength };
    } catch (error) {
      // A range beyond the end gives what there is.
      if (causeOf(error) !== 'InvalidRange') throw error;
      return { body: Readable.from([]), length: 0 };
    }
  }
}

function unlessGone(error: unknown): void {
  if (causeOf(error) !== 'NoSuchUpload') throw error;
}
