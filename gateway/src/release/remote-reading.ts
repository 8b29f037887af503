import type { RecordHeader } from '@chartkey/vocabulary';
import {
  type ByteRange,
  openSealed,
  PROLOGUE_BYTES,
  prologueRange,
  sealedLength,
  sealedRangeOf,
  type VerifiedVersion,
} from '../vault/index.ts';
import type { CustodianGateway } from './custodian-gateway.ts';
import { begin, FRESH, type Reading } from './reading.ts';

/** A released version of another custodian's, its key unwrapped, its header and leaves checked. */
export interface RemoteVersion {
  access: string;
  version: VerifiedVersion;
  dataKey: Buffer;
  /** milliseconds */
  until: number;
  /** all sealed bytes, where they came with the key */
  sealed: Buffer | undefined;
}

/**
 * Reads another custodian's record: sealed bytes come from there and are opened here. Small content that came with
 * its key serves once and at once; whatever is read later is the custodian's to check again.
 */
export class RemoteReading implements Reading {
  readonly access: string;
  readonly header: RecordHeader;
  readonly until: number;
  readonly weight: number;
  private prologue: Buffer | undefined;
  private sealed: Buffer | undefined;
  private readonly freshUntil: number;

  constructor(
    private readonly remote: RemoteVersion,
    private readonly gateway: CustodianGateway,
    private readonly now: () => number,
  ) {
    this.access = remote.access;
    this.until = remote.until;
    this.header = remote.version.header;
    this.sealed = remote.sealed;
    this.freshUntil = now() + FRESH;
    this.weight = 1024 + remote.version.leaves.length + (remote.sealed?.length ?? 0);
  }

  async content(range?: ByteRange): Promise<AsyncIterableIterator<Uint8Array>> {
    const { access, until, now, gateway } = this;
    const { version } = this.remote;
    // A copy, since the key may be forgotten while this content still flows.
    const dataKey = Buffer.from(this.remote.dataKey);
    const failureFor = (error: unknown) => gateway.failureFor(error, access);
    const sealedHere = now() <= this.freshUntil ? this.sealed : undefined;
    this.sealed = undefined;
    if (sealedHere) {
      return begin(openSealed([sealedHere], { dataKey, version, range }), { until, now, failureFor });
    }
    const needed = sealedRangeOf(this.header.length, range);
    const prologue = needed.start > 0 ? await this.fetchPrologue() : undefined;
    const sealed = await this.fetch(needed);
    return begin(openSealed(sealed, { dataKey, version, range, prologue }), { until, now, failureFor });
  }

  forget(): void {
    this.remote.dataKey.fill(0);
  }

  private async fetchPrologue(): Promise<Buffer> {
    if (this.prologue) return this.prologue;
    const parts: Buffer[] = [];
    let length = 0;
    try {
      for await (const part of await this.fetch(prologueRange)) {
        parts.push(part);
        length += part.length;
        if (length > PROLOGUE_BYTES) break;
      }
    } catch (error) {
      throw this.gateway.failureFor(error, this.access);
    }
    this.prologue = Buffer.concat(parts);
    return this.prologue;
  }

  private fetch(range: ByteRange): Promise<AsyncIterableIterator<Buffer>> {
    return this.gateway.sealed(this.access, range, sealedLength(this.header.length));
  }
}
