import { randomUUID } from 'node:crypto';
import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { ownFolder } from './consortium.ts';
import { freePort } from './ledger.ts';
import { startPostgres } from './postgres-server.ts';
import { startS3Server } from './s3-server.ts';
import type { SharedServices } from './services.ts';

/** jest's globalSetup of test:services: one S3 server and one PostgreSQL for every suite of that run. */
export default async function startServices(): Promise<void> {
  const { folder, remove } = ownFolder();
  chmodSync(folder, 0o711);
  const credentials = { accessKeyId: 'chartkey', secretAccessKey: randomUUID() };
  const s3 = await startS3Server(folder, { port: await freePort(), credentials });
  const postgres = await startPostgres(join(folder, 'postgres'), await freePort(), folder);
  const { endpoint, buckets } = s3;
  const shared: SharedServices = {
    s3: { endpoint, credentials, buckets },
    postgres: postgres.url('postgres'),
  };
  process.env['CHARTKEY_TEST_SERVICES'] = JSON.stringify(shared);
  globalThis.runningServices = {
    stop: async () => {
      await Promise.all([s3.stop(), postgres.stop()]);
      remove();
    },
  };
}

declare global {
  var runningServices: { stop(): Promise<void> } | undefined;
}
