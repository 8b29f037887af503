import { mkdirSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { S3 } from '@aws-sdk/client-s3';
import { type RunningProcess, startProcess, stopProcess } from '../../network/demo/processes.ts';
import { serviceProgram } from './service-programs.ts';

/** Where an S3-compatible server listens, what signs requests to it, and the folder that holds its buckets. */
export interface S3Place {
  endpoint: string;
  credentials: { accessKeyId: string; secretAccessKey: string };
  buckets: string;
}

export interface S3Server extends S3Place {
  process: RunningProcess;
  stop(): Promise<void>;
}

export const REGION = 'us-east-1';
const READY_MILLISECONDS = 20_000;

/** Starts versitygw, whose objects are the files of a folder, on a port. */
export async function startS3Server(
  folder: string,
  { port, credentials }: { port: number; credentials: S3Place['credentials'] },
): Promise<S3Server> {
  const buckets = join(folder, 'buckets');
  mkdirSync(buckets, { recursive: true });
  const process = startProcess(
    {
      name: 's3',
      program: serviceProgram('versitygw'),
      arguments: ['--quiet', '--keep-alive', '--port', `127.0.0.1:${port}`, 'posix', buckets],
      env: { ROOT_ACCESS_KEY: credentials.accessKeyId, ROOT_SECRET_KEY: credentials.secretAccessKey },
      isReady: 'at once',
    },
    folder,
  );
  await Promise.race([answers(port), process.ended.then((how) => Promise.reject(new Error(`s3 ${how}`)))]);
  const endpoint = `http://127.0.0.1:${port}`;
  return { endpoint, credentials, buckets, process, stop: () => stopProcess(process) };
}

/** A client of the server that knows nothing of ours. */
export function s3Client({ endpoint, credentials }: Pick<S3Place, 'endpoint' | 'credentials'>): S3 {
  return new S3({ endpoint, credentials, region: REGION, forcePathStyle: true });
}

async function answers(port: number): Promise<void> {
  const until = Date.now() + READY_MILLISECONDS;
  while (Date.now() < until) {
    const open = await new Promise<boolean>((done) => {
      const socket = connect(port, '127.0.0.1')
        .once('connect', () => done(true))
        .once('error', () => done(false));
      socket.unref().once('connect', () => socket.destroy());
    });
    if (open) return;
    await pause(20);
  }
  throw new Error(`the S3 server does not listen on port ${port}`);
}
