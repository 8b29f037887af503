import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  closeSync,
  existsSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { ConfigError } from './config.ts';

/** An organisation's own folder, held by one process at a time. */
export interface DataFolder {
  path: string;
  of(name: string): string;
  /** 32 bytes that outlive restarts: what turns a client's Idempotency-Key into one of ours */
  retrySecret: Uint8Array;
  release(): void;
}

/**
 * Makes and takes an organisation's folder. The lock is the operating system's, so it ends with the process
 * however that ends. A folder belongs to one network for ever: its keys and records are bound to it.
 * @throws ConfigError DATA_DIR when it cannot be written, is in use, or is another network's
 */
export function takeDataFolder(dataDir: string, organisation: string, network: string): DataFolder {
  const path = join(dataDir, 'organisations', organisation);
  const lock = lockIn(path);
  try {
    claimFolder('DATA_DIR', path, network);
    const secret = kept(join(path, 'retry.key'), () => `${randomBytes(32).toString('base64url')}\n`);
    const retrySecret = Buffer.from(secret.trim(), 'base64url');
    if (retrySecret.length !== 32) throw new ConfigError('DATA_DIR', `${join(path, 'retry.key')} is damaged`);
    return { path, of: (name) => join(path, name), retrySecret, release: () => lock.close() };
  } catch (error) {
    lock.close();
    throw error;
  }
}

/**
 * Marks a folder as one network's for ever; so the keys of a demo never serve another network.
 * @throws ConfigError naming the variable when it is another network's, or cannot be written
 */
export function claimFolder(variable: string, path: string, network: string): void {
  let owner: string;
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
    owner = kept(join(path, 'network'), () => `${network}\n`).trim();
  } catch (error) {
    throw new ConfigError(variable, `${path} cannot be written (${codeOf(error)})`);
  }
  if (owner !== network) {
    throw new ConfigError(
      variable,
      `${path} belongs to the network ${owner}, not to ${network}: use another`,
    );
  }
}

function lockIn(path: string): DatabaseSync {
  let lock: DatabaseSync | undefined;
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
    lock = new DatabaseSync(join(path, 'gateway.lock'));
    lock.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
    chmodSync(join(path, 'gateway.lock'), 0o600);
    return lock;
  } catch (error) {
    lock?.close();
    const busy = /database is locked/.test(String(error));
    const why = busy
      ? 'is in use by another gateway: stop that one first'
      : `cannot be written (${codeOf(error)})`;
    throw new ConfigError('DATA_DIR', `${path} ${why}`);
  }
}

/** A small file's text, made at the first call; durable, and whole or not there. */
function kept(path: string, make: () => string): string {
  if (existsSync(path)) return readFileSync(path, 'latin1');
  const draft = `${path}.new`;
  rmSync(draft, { force: true });
  const file = openSync(draft, 'wx', 0o600);
  writeSync(file, make());
  fsyncSync(file);
  closeSync(file);
  linkSync(draft, path);
  rmSync(draft);
  return readFileSync(path, 'latin1');
}

function codeOf(error: unknown): string {
  const { code } = error as { code?: unknown };
  return typeof code === 'string' ? code : 'unknown';
}
