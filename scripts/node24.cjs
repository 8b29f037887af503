// The Node that our processes run on: the pinned one of the package `node`, or the system's if new enough.
const { execFileSync } = require('node:child_process');
const { existsSync } = require('node:fs');
const { join } = require('node:path');

// Code that was compiled once is not compiled again by the next process: a start is a third cheaper.
process.env.NODE_COMPILE_CACHE ??= join(__dirname, '..', 'node_modules', '.cache', 'compiled');

/** @returns {string} path of a Node 24 or newer; exits with one line when there is none */
exports.node24 = () => {
  const pinned = join(__dirname, '..', 'node_modules', 'node', 'bin', 'node');
  for (const path of [pinned, process.execPath]) {
    if (!existsSync(path)) continue;
    const version = execFileSync(path, ['--version'], { encoding: 'utf8' }).trim();
    if (Number(version.slice(1).split('.')[0]) >= 24) return path;
  }
  console.error(
    `chartkey runs on Node 24; this is ${process.version} and the package "node" is not installed here. Install Node 24.`,
  );
  process.exit(1);
};
