import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, rmSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { readDockerfile, type Stage, settingsOf } from './dockerfile.ts';

/*
 * Runs the Dockerfile's steps on this machine, each stage in a folder that stands for its file system: the
 * same files copied, the same commands run. The base image is this machine's Node, and Fabric's tools, which
 * the Dockerfile downloads, are left to whoever runs the result.
 */

const root = join(dirname(process.argv[1]!), '..', '..');
const { stages } = readDockerfile(join(root, 'Dockerfile'));
const target = resolve(process.argv[2]!);
const left = new Set(['fabric']);

/** Of the build's context, without what .dockerignore keeps out of it. */
const inContext = (path: string) => !/(^|\/)(node_modules|dist)$|\.tsbuildinfo$/.test(path);

for (const stage of stages) {
  if (left.has(stage.name)) continue;
  process.stdout.write(`stage ${stage.name}\n`);
  build(stage);
}

function build({ name, base, steps }: Stage): void {
  const folder = join(target, name);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  if (existsSync(join(target, base))) copy(join(target, base), folder);
  const { environment } = settingsOf(stages, name);
  let workdir = stages.some((one) => one.name === base) ? settingsOf(stages, base).folder : '/';
  for (const { word, rest } of steps) {
    const at = join(folder, workdir);
    if (word === 'WORKDIR') {
      workdir = rest;
      mkdirSync(join(folder, workdir), { recursive: true });
    } else if (word === 'COPY') copyStep(rest, at);
    else if (word === 'RUN') run(rest, at, environment);
  }
}

function copyStep(rest: string, at: string): void {
  const words = rest.split(/\s+/);
  const from = /^--from=(.*)$/.exec(words[0]!)?.[1];
  if (from !== undefined && left.has(from)) return;
  const to = words.at(-1)!;
  for (const source of words.slice(from === undefined ? 0 : 1, -1)) {
    const path = from === undefined ? join(root, source) : join(target, from, source);
    const into = to.endsWith('/') && !source.endsWith('/') && from === undefined;
    copy(path, into ? join(at, to, basename(source)) : join(at, to), from === undefined);
  }
}

function copy(source: string, to: string, filtered = false): void {
  const filter = (path: string) => !filtered || inContext(path.slice(root.length));
  cpSync(source, to, { recursive: true, verbatimSymlinks: true, filter });
}

function run(command: string, cwd: string, environment: Record<string, string>): void {
  const path = `${dirname(process.execPath)}:${process.env['PATH']}`;
  const env = { ...process.env, ...environment, PATH: path };
  const { status } = spawnSync('sh', ['-c', command], { cwd, env, stdio: ['ignore', 'ignore', 'inherit'] });
  if (status !== 0) throw new Error(`RUN ${command} failed`);
}
