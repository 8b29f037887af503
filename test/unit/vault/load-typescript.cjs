// Lets a child process load the sources without a build: `node --require load-typescript.cjs <file>.ts`.
const { readFileSync } = require('node:fs');
const { registerHooks } = require('node:module');
const { join } = require('node:path');
const { transformSync } = require('@swc/core');

const vocabulary = join(__dirname, '../../../chaincode/vocabulary/src/index.ts');
const options = {
  jsc: { target: 'es2023', parser: { syntax: 'typescript' } },
  module: { type: 'commonjs' },
};

registerHooks({
  resolve: (specifier, context, next) =>
    next(specifier === '@chartkey/vocabulary' ? vocabulary : specifier, context),
  load: (url, context, next) => {
    if (!url.endsWith('.ts')) return next(url, context);
    const filename = new URL(url).pathname;
    const { code } = transformSync(readFileSync(filename, 'utf8'), { ...options, filename });
    return { format: 'commonjs', source: code, shortCircuit: true };
  },
});
