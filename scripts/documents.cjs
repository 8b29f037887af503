// Writes what is generated from the code: docs/failures.md and docs/openapi.json. With --check, only compares.
const { existsSync, mkdirSync, readFileSync, writeFileSync } = require('node:fs');
const { join } = require('node:path');
const { describe, failures } = require('@chartkey/vocabulary');
const { openApiText } = require('../gateway/dist/http/openapi.js');
const { routes } = require('../gateway/dist/http/routes/index.js');

const docs = join(__dirname, '..', 'docs');

function failuresPage() {
  const rows = Object.keys(failures).map((code) => {
    const { status, category, says, remedy } = describe(code);
    return `| ${code} | ${status} ${category} | ${says} | ${remedy} |`;
  });
  return `# Failures

Generated from \`chaincode/vocabulary/src/failures.ts\` by \`npm run documents\`. Every problem document (RFC 9457) names one of these codes.

| code | status, category | what it says | what you can do |
|---|---|---|---|
${rows.join('\n')}
`;
}

const documents = {
  'failures.md': failuresPage,
  'openapi.json': () => openApiText(routes),
};

let stale = 0;
for (const [name, make] of Object.entries(documents)) {
  const path = join(docs, name);
  const text = make();
  if (existsSync(path) && readFileSync(path, 'utf8') === text) continue;
  if (process.argv.includes('--check')) {
    console.error(`  docs/${name} is not what the code says: npm run documents`);
    stale += 1;
  } else {
    mkdirSync(docs, { recursive: true });
    writeFileSync(path, text);
    console.log(`wrote docs/${name}`);
  }
}
process.exit(stale === 0 ? 0 : 1);
