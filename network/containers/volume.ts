import { existsSync, mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { writeDurably } from '../durable-file.ts';

/** A service's volume as the setup sees it. Files are its owner's alone; what is the same already is not touched. */
export class Volume {
  constructor(private readonly root: string) {}

  put(path: string, content: string | Uint8Array): void {
    const target = join(this.root, path);
    if (existsSync(target) && readFileSync(target).equals(Buffer.from(content))) return;
    writeDurably(target, content, 0o600);
  }

  folder(path: string): void {
    mkdirSync(join(this.root, path), { recursive: true, mode: 0o700 });
  }

  /** Copies a file, or a folder with all below it. */
  copy(source: string, path: string): void {
    const leaves = statSync(source).isDirectory() ? readdirSync(source) : undefined;
    if (leaves === undefined) this.put(path, readFileSync(source));
    else for (const leaf of leaves) this.copy(join(source, leaf), join(path, leaf));
  }
}
