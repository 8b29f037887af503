import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Anchor, SealedVersion, Vault } from '../../../gateway/src/vault/index.ts';
import { openVault } from '../../../gateway/src/vault/index.ts';
import { payloadsIn } from '../../support/services.ts';
import { keysIn } from './material.ts';

export { payloadFolder } from '../../support/services.ts';
export * from './material.ts';

/** The full counts of a soak, or the small share of an ordinary run. */
export const soak = process.env['SOAK'] === '1';

/** How often a property is tried: a soak's full count, or a small share that is the same in every run. */
export function runs(full: number, share: number) {
  return soak ? { numRuns: full } : { numRuns: share, seed: 20_261_121 };
}

export function golden(file: string) {
  return JSON.parse(readFileSync(goldenPath(file), 'utf8'));
}

export function goldenPath(file: string): string {
  return join(__dirname, '../../golden/vault', file);
}

/** Copies: some streams use their memory again for the next part. */
export async function gather(parts: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const gathered: Uint8Array[] = [];
  for await (const part of parts) gathered.push(Buffer.from(part));
  return Buffer.concat(gathered);
}

/** A folder that goes when the test file is done. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'chartkey-vault-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A vault whose keys lie in a folder, and its payloads where this project has them. */
export async function vaultIn(root: string): Promise<Vault> {
  return openVault({ payloads: await payloadsIn(root), ...keysIn(root) });
}

export function anchorOf({ record, version, commitment, header }: SealedVersion): Anchor {
  return { record, version, commitment, patient: header.patient };
}

export async function readBack(vault: Vault, anchor: Anchor, range?: { start: number; end: number }) {
  return gather(vault.content(await vault.openVersion(anchor), range));
}

/** Every file below a folder, by its path within. */
export function filesIn(folder: string): string[] {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => !entry.isDirectory());
  return files.map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1)).sort();
}
