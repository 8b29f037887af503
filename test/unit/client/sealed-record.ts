import { randomBytes } from 'node:crypto';
import { openSealed, type RecordContent, type SealedReading, type WebKeys } from '@chartkey/client';
import type { P256Key } from '@chartkey/vocabulary';
import { wrapDataKey } from '../../../gateway/src/release/key-wrapping.ts';
import type { OpenedVersion, Vault } from '../../../gateway/src/vault/index.ts';
import type { ByteSource } from '../../../gateway/src/vault/segments.ts';
import { anchorOf, chunked, facts, gather, network } from '../vault/sample.ts';

/** A record as its custodian hands it over to one reader, and what the ledger says of it. */
export interface HandedOver {
  answer: SealedReading['answer'];
  anchor: SealedReading['anchor'];
  opened: OpenedVersion;
}
export interface Released extends HandedOver {
  /** the whole sealed stream */
  sealed: Buffer;
}

/** Seals content in a gateway's vault and wraps its key for a reader. */
export async function handOver(
  vault: Vault,
  content: ByteSource,
  reader: P256Key,
  about: typeof facts = facts,
): Promise<HandedOver> {
  const { record, version } = about;
  const anchor = anchorOf(await vault.sealRecord(content, about));
  const opened = await vault.openVersion(anchor);
  const { leaves } = opened.version;
  const sealedHeader = Buffer.from(opened.sealedHeader).toString('base64url');
  const access = `${randomBytes(32).toString('hex')}:0`;
  const key = wrapDataKey(opened.dataKey, reader, { access, record, version });
  const answer = { access, sealedHeader, leaves: Buffer.from(leaves).toString('base64'), key };
  return { answer, anchor: { ...anchor, network }, opened };
}

/** As `handOver`, with the sealed bytes. */
export async function release(
  vault: Vault,
  content: Uint8Array,
  reader: P256Key,
  about: typeof facts = facts,
): Promise<Released> {
  const handed = await handOver(vault, [content], reader, about);
  return { ...handed, sealed: await gather(await vault.sealedRange(handed.opened)) };
}

/** Gives out parts of a sealed stream as a custodian's gateway does, and notes what became of them. */
export class SealedParts {
  /** the parts that were asked for */
  readonly asked: string[] = [];
  /** bytes that readers took */
  taken = 0;
  /** streams that their reader gave up */
  left = 0;

  constructor(
    private readonly sealed: Buffer,
    /** bytes of the chunks, again and again */
    private readonly sizes: number[] = [16_384],
    /** of the whole that these bytes pretend to be */
    private readonly length = sealed.length,
  ) {}

  readonly fetchSealed = async ({ first, last }: { first: number; last: number }): Promise<Response> => {
    this.asked.push(`${first}-${last}`);
    const headers = { 'Content-Range': `bytes ${first}-${last}/${this.length}` };
    const whole = first === 0 && last === this.length - 1;
    const part = whole ? this.sealed : this.sealed.subarray(first, last + 1);
    return new Response(this.streamOf(part), { status: 206, headers });
  };

  private streamOf(bytes: Buffer): ReadableStream<Uint8Array> {
    const chunks = chunked(bytes, this.sizes);
    const pull = (controller: ReadableStreamDefaultController<Uint8Array>) => {
      const { done, value } = chunks.next();
      if (done) return controller.close();
      this.taken += value.length;
      controller.enqueue(value);
    };
    const cancel = () => {
      this.left += 1;
    };
    return new ReadableStream({ pull, cancel }, { highWaterMark: 0 });
  }
}

/** Opens what was released, from these parts or from all there are. */
export function open(
  { answer, anchor, sealed }: Omit<Released, 'opened'>,
  keys: WebKeys,
  more: Partial<SealedReading> & { parts?: SealedParts } = {},
): Promise<RecordContent> {
  const { parts = new SealedParts(sealed), ...reading } = more;
  return openSealed({ answer, anchor, keys, fetchSealed: parts.fetchSealed, ...reading });
}

export const bytesIn = async ({ body }: RecordContent) => Buffer.from(await new Response(body).arrayBuffer());

/** What arrives of a content before it fails, and how it fails. */
export async function drained({ body }: RecordContent) {
  const arrived: Uint8Array[] = [];
  try {
    for await (const chunk of body) arrived.push(chunk);
    return { arrived: Buffer.concat(arrived), failure: undefined };
  } catch (failure) {
    return { arrived: Buffer.concat(arrived), failure };
  }
}
