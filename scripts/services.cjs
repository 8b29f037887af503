// Finds the servers that test:services runs, or installs what can be installed, and links them to where the
// suite looks: node_modules/.cache/services. Says what is missing and ends with 1. Plain Node 20 JavaScript.
const { spawnSync } = require('node:child_process');
const { existsSync, mkdirSync, readdirSync, realpathSync, rmSync, symlinkSync } = require('node:fs');
const { delimiter, dirname, join } = require('node:path');

const VERSITYGW = 'github.com/versity/versitygw/cmd/versitygw@v1.8.0';
const folder = join(__dirname, '..', 'node_modules', '.cache', 'services');
const here = (name) => join(folder, name);
const path = (process.env.PATH ?? '').split(delimiter);
const debian = '/usr/lib/postgresql';
const versions = existsSync(debian) ? readdirSync(debian).sort((a, b) => Number(b) - Number(a)) : [];

/** The folder that holds a program, if one does. */
const holder = (program, ...more) => [...path, ...more].find((one) => existsSync(join(one, program)));

function link(name, target) {
  rmSync(here(name), { force: true });
  symlinkSync(target, here(name));
  return true;
}

function s3Server() {
  if (existsSync(here('versitygw'))) return true;
  const found = holder('versitygw');
  if (found) return link('versitygw', join(found, 'versitygw'));
  const go = holder('go', '/usr/local/go/bin');
  if (!go) return false;
  console.error(`Installing ${VERSITYGW} (about a minute, once) …`);
  const options = {
    env: { ...process.env, GOBIN: folder },
    stdio: ['ignore', 'ignore', 'pipe'],
    timeout: 600_000,
  };
  const { status, stderr } = spawnSync(join(go, 'go'), ['install', VERSITYGW], options);
  if (status !== 0) console.error(String(stderr).trim().split('\n').at(-1));
  return status === 0;
}

function postgresql() {
  const found = holder('initdb', ...versions.map((version) => join(debian, version, 'bin')));
  if (!found) return false;
  // A link in a PATH leads to the folder that holds the server itself.
  const programs = dirname(realpathSync(join(found, 'initdb')));
  return existsSync(join(programs, 'postgres')) && link('initdb', join(programs, 'initdb'));
}

mkdirSync(folder, { recursive: true });
const missing = [];
if (!s3Server()) missing.push('versitygw (put Go 1.25 or newer on the PATH, or versitygw itself)');
if (!postgresql()) missing.push('PostgreSQL (initdb on the PATH, or Debian’s package postgresql)');
if (missing.length > 0) console.log(`services: not installed: ${missing.join(', ')}`);
process.exit(missing.length > 0 ? 1 : 0);
