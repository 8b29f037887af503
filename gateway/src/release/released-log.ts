import { type FileHandle, mkdir, open, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { AccessId, Failure, Thumbprint } from '@chartkey/vocabulary';
import * as z from 'zod';
import { asVaultFull, VaultFull } from '../vault/index.ts';

/** One key that left: written, and durable, before the key is. */
export interface Release {
  access: string;
  /** thumbprint of the device whose key it was wrapped for */
  recipient: string;
  /** milliseconds; sealed bytes flow until then */
  until: number;
  /** milliseconds */
  releasedAt: number;
}

const Line = z.strictObject({
  access: AccessId,
  recipient: Thumbprint,
  releasedAt: z.int().min(0),
  until: z.int().min(0),
});

/** Milliseconds that one file of the log covers; its name is the number of its span since 1970. */
const SPAN = 600_000;
/** Milliseconds after `until` that a release is remembered: an access older than 30 s is refused anyway. */
const AFTERMATH = 60_000;
const filePattern = /^released-([0-9]{1,9})\.log$/;

export interface ReleasedLogSettings {
  /** milliseconds that a file is kept after its span; a day when absent */
  keep?: number;
  /** milliseconds since 1970 */
  now?: () => number;
}

/**
 * Opens the log in a folder of its own and reads what may still matter: sessions live 300 s, so the span
 * before this one is enough. Spans ahead of the clock are read too: it may have been set back.
 */
export async function openReleasedLog(
  folder: string,
  settings: ReleasedLogSettings = {},
): Promise<ReleasedLog> {
  const { keep = 86_400_000, now = Date.now } = settings;
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const log = new ReleasedLog(folder, keep, now);
  const spans = await spansIn(folder);
  for (const span of spans.filter((one) => one >= spanAt(now()) - 1)) {
    const file = await open(join(folder, fileOf(span)), 'r');
    for await (const line of file.readLines({ encoding: 'latin1' })) log.remember(line);
  }
  return log;
}

/** Which keys left for whom: append-only, one JSON line each, made durable in groups. */
export class ReleasedLog {
  /** by recipient, then by access: until when */
  private readonly known = new Map<string, Map<string, number>>();
  private waiting: { line: string; done: () => void; failed: (error: unknown) => void }[] = [];
  private file: { span: number; handle: FileHandle } | undefined;
  private writing: Promise<void> | undefined;

  constructor(
    private readonly folder: string,
    private readonly keep: number,
    private readonly now: () => number,
  ) {}

  /** Until when sealed bytes of this release flow; undefined when there was none. */
  untilOf(access: string, recipient: string): number | undefined {
    return this.known.get(recipient)?.get(access);
  }

  /**
   * Logs a release; resolves when it would survive a loss of power. The second of two is refused at once,
   * and one whose writing failed stays spent.
   * @param again log it once more: the key goes to the same reader alone, whoever passes it on
   * @throws Failure ALREADY_RELEASED, VAULT_FULL, BROKEN
   */
  async append(release: Omit<Release, 'releasedAt'>, again = false): Promise<void> {
    const { access, recipient, until } = release;
    if (!again && this.untilOf(access, recipient) !== undefined) {
      throw new Failure('ALREADY_RELEASED', { access });
    }
    this.keepInMind(access, recipient, until);
    const line = `${JSON.stringify({ access, recipient, releasedAt: this.now(), until })}\n`;
    const written = new Promise<void>((done, failed) => {
      this.waiting.push({ line, done, failed });
    });
    this.writing ??= this.writeAll();
    return written;
  }

  /** Takes in a line of a file. One that a crash cut short was never answered for. */
  remember(line: string): void {
    const release = parsed(line);
    if (release && this.now() <= release.until + AFTERMATH) {
      this.keepInMind(release.access, release.recipient, release.until);
    }
  }

  /** Waits for what is being written and closes the file. */
  async close(): Promise<void> {
    await this.writing;
    await this.file?.handle.close();
    this.file = undefined;
  }

  private keepInMind(access: string, recipient: string, until: number): void {
    let accesses = this.known.get(recipient);
    if (!accesses) {
      accesses = new Map();
      this.known.set(recipient, accesses);
    }
    accesses.set(access, until);
    // The oldest stand first, so two looks for each new one keep the map at what may still matter.
    let looks = 2;
    for (const [oldest, end] of accesses) {
      if (looks === 0 || this.now() <= end + AFTERMATH) return;
      accesses.delete(oldest);
      looks -= 1;
    }
  }

  private async writeAll(): Promise<void> {
    while (this.waiting.length > 0) {
      const group = this.waiting;
      this.waiting = [];
      try {
        const handle = await this.current();
        await handle.appendFile(group.map(({ line }) => line).join(''), 'latin1');
        await handle.datasync();
        for (const { done } of group) done();
      } catch (error) {
        await this.forsake();
        const failure = new Failure(asVaultFull(error) instanceof VaultFull ? 'VAULT_FULL' : 'BROKEN');
        for (const { failed } of group) failed(failure);
      }
    }
    this.writing = undefined;
  }

  private async current(): Promise<FileHandle> {
    const span = spanAt(this.now());
    if (this.file?.span === span) return this.file.handle;
    await this.forsake();
    const handle = await open(join(this.folder, fileOf(span)), 'a', 0o600);
    this.file = { span, handle };
    // Ends a line that a crash or a full disk cut short, so that it spoils no other.
    await handle.appendFile('\n');
    await syncFolder(this.folder);
    await this.removeOld();
    return handle;
  }

  /** After a failed sync a file's pages cannot be trusted: the next group opens it anew. */
  private async forsake(): Promise<void> {
    const { file } = this;
    this.file = undefined;
    await file?.handle.close().catch(() => {});
  }

  private async removeOld(): Promise<void> {
    const oldest = spanAt(this.now() - this.keep) - 1;
    for (const span of await spansIn(this.folder)) {
      if (span < oldest) await rm(join(this.folder, fileOf(span)), { force: true });
    }
  }
}

const spanAt = (milliseconds: number) => Math.floor(milliseconds / SPAN);
const fileOf = (span: number) => `released-${span}.log`;

async function spansIn(folder: string): Promise<number[]> {
  const found = (await readdir(folder)).map((leaf) => filePattern.exec(leaf)?.[1]);
  return found.filter((span) => span !== undefined).map(Number);
}

function parsed(line: string): Release | undefined {
  if (line === '') return undefined;
  try {
    return Line.parse(JSON.parse(line));
  } catch {
    return undefined;
  }
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
