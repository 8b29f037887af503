import { existsSync, realpathSync } from 'node:fs';
import { join } from 'node:path';

const folder = join(__dirname, '../../node_modules/.cache/services');

/** The path of a server's program, as scripts/services.cjs has found or installed it. */
export function serviceProgram(name: 'versitygw' | 'initdb'): string {
  const path = join(folder, name);
  if (!existsSync(path)) throw new Error(`${name} is not installed: run this through npm run test:services`);
  return realpathSync(path);
}
