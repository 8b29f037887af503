import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeDurably } from '../durable-file.ts';

/** Passwords that services share with those who use them: made once, kept in the setup's folder. */
export class Secrets {
  constructor(private readonly home: string) {}

  /** 64 hexadecimal digits, the same whenever they are asked for. */
  of(name: string): string {
    const path = join(this.home, 'secrets', name);
    if (!existsSync(path)) writeDurably(path, randomBytes(32).toString('hex'), 0o600);
    return readFileSync(path, 'utf8');
  }
}
