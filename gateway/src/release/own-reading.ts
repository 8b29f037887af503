import type { RecordHeader } from '@chartkey/vocabulary';
import { type ByteRange, NotInVault, Tampered, type Vault } from '../vault/index.ts';
import { alarmed, type RaiseAlarm } from './alarm.ts';
import type { Custodian } from './custodian.ts';
import type { Handed } from './handed.ts';
import { begin, FRESH, type Reading } from './reading.ts';

export interface OwnReadingParts {
  custodian: Custodian;
  vault: Pick<Vault, 'content'>;
  alarm: RaiseAlarm;
  /** milliseconds since 1970 */
  now: () => number;
}

/** Reads a record of this organisation's own: the custodian's whole check again for every range. */
export class OwnReading implements Reading {
  readonly access: string;
  readonly header: RecordHeader;
  readonly until: number;
  readonly weight = 1024;
  private fresh: Handed | undefined;
  private readonly freshUntil: number;

  constructor(
    handed: Handed,
    private readonly recipientDevice: string,
    private readonly parts: OwnReadingParts,
  ) {
    this.fresh = handed;
    this.freshUntil = parts.now() + FRESH;
    this.access = handed.claim.entry.access;
    this.header = handed.opened.version.header;
    this.until = handed.claim.until;
  }

  async content(range?: ByteRange): Promise<AsyncIterableIterator<Uint8Array>> {
    const { access, recipientDevice, until } = this;
    const { custodian, vault, now } = this.parts;
    const fresh = now() <= this.freshUntil ? this.fresh : undefined;
    if (!fresh) this.forget();
    const handed = fresh ?? (await custodian.releasedTo({ access, recipientDevice }));
    this.fresh = undefined;
    const failureFor = (error: unknown) => this.failureFor(error);
    return begin(vault.content(handed.opened, range), { until, now, failureFor });
  }

  forget(): void {
    this.fresh?.opened.dataKey.fill(0);
    this.fresh = undefined;
  }

  private failureFor(error: unknown): unknown {
    if (!(error instanceof Tampered || error instanceof NotInVault)) return error;
    const about = { access: this.access };
    return alarmed(this.parts.alarm, { code: 'INTEGRITY_BROKEN', what: error.message, about });
  }
}
