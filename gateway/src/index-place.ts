import { type Config, ConfigError } from './config.ts';
import type { DataFolder } from './data-folder.ts';
import { secretOf } from './pinned.ts';
import type { IndexPlace } from './projection/database.ts';

/**
 * Where the index lies: in the PostgreSQL database whose URL a file holds, else in the data folder.
 * @throws ConfigError DATABASE_URL_FILE
 */
export function indexPlaceOf({ DATABASE_URL_FILE: path }: Config, folder: DataFolder): IndexPlace {
  if (path === undefined) return { folder: folder.of('index') };
  const url = secretOf('DATABASE_URL_FILE', path).trim();
  if (/^postgres(?:ql)?:\/\//.test(url) && URL.canParse(url)) return { url };
  throw new ConfigError(
    'DATABASE_URL_FILE',
    `${path} does not hold a URL such as postgresql://host/database`,
  );
}
