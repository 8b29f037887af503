import { randomUUID } from 'node:crypto';
import type { CompletedPart } from '@aws-sdk/client-s3';
import { AlreadyInVault } from './failures.ts';
import { type Bucket, causeOf } from './s3-bucket.ts';
import type { Part } from './s3-parts.ts';

const CHECKSUM = { ChecksumAlgorithm: 'CRC32' } as const;
/** S3's words for a condition that did not hold, or that another write is just deciding. */
const takenCodes = new Set(['PreconditionFailed', 'ConditionalRequestConflict']);

/** One object on its way to S3: at once when it is one part, else as a multipart upload. */
export class Upload {
  private upload: string | undefined;
  private readonly parts: CompletedPart[] = [];
  /** tells this upload's object from any other's of its name */
  private readonly mark = { upload: randomUUID() };

  constructor(
    private readonly bucket: Bucket,
    private readonly name: string,
    private readonly ifAbsent: boolean,
  ) {}

  /** Sends the next part; with the last one the object is there. @throws AlreadyInVault, and what `ask` does */
  async send({ number, last, bytes }: Part): Promise<void> {
    if (number === 1 && last) return this.sendWhole(bytes);
    this.upload ??= await this.begin();
    const part = { ...this.of(this.upload), PartNumber: number, Body: bytes, ...CHECKSUM };
    const { ETag, ChecksumCRC32 } = await this.bucket.ask((s3) => s3.uploadPart(part));
    this.parts.push({ PartNumber: number, ETag, ChecksumCRC32 });
    if (last) await this.complete(this.upload);
  }

  /** Takes back what was sent; what cannot be taken back now is left to `discardUnfinished`. */
  async abandon(): Promise<void> {
    const { upload } = this;
    if (upload === undefined) return;
    await this.bucket.ask((s3) => s3.abortMultipartUpload(this.of(upload))).catch(() => {});
  }

  private async sendWhole(bytes: Buffer): Promise<void> {
    const { object, mark, condition } = this;
    const put = { ...object, Body: bytes, Metadata: mark, ...CHECKSUM, ...condition };
    await this.settling(() => this.bucket.ask((s3) => s3.putObject(put)));
  }

  private async begin(): Promise<string> {
    const { object, mark } = this;
    const { UploadId } = await this.bucket.ask((s3) =>
      s3.createMultipartUpload({ ...object, Metadata: mark, ...CHECKSUM }),
    );
    if (UploadId === undefined) throw new TypeError('S3 began an upload and did not name it');
    return UploadId;
  }

  private async complete(upload: string): Promise<void> {
    const whole = { ...this.of(upload), ...this.condition, MultipartUpload: { Parts: this.parts } };
    await this.settling(() => this.bucket.ask((s3) => s3.completeMultipartUpload(whole)));
  }

  /**
   * The answer to a request may be lost and the request sent again, which then finds its own success: the
   * name taken, or the multipart upload gone. So whose object is there decides.
   */
  private async settling(request: () => Promise<unknown>): Promise<void> {
    try {
      await request();
    } catch (error) {
      const cause = causeOf(error) ?? '';
      const isTaken = takenCodes.has(cause);
      if (!isTaken && cause !== 'NoSuchUpload') throw error;
      const there = await this.bucket.ask((s3) => s3.headObject(this.object)).catch(() => undefined);
      if (there?.Metadata?.['upload'] === this.mark.upload) return;
      throw isTaken && there ? new AlreadyInVault(this.name, { cause: error }) : error;
    }
  }

  private get object() {
    return { Bucket: this.bucket.name, Key: this.name };
  }

  private get condition() {
    return this.ifAbsent ? { IfNoneMatch: '*' } : {};
  }

  private of(upload: string) {
    return { ...this.object, UploadId: upload };
  }
}
