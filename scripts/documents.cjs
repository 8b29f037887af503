// Writes what is generated from the code: two pages of docs/, docker-compose.yaml and what it mounts. With --check,
// only compares.
const { existsSync, mkdirSync, readFileSync, writeFileSync } = require('node:fs');
const { dirname, join } = require('node:path');
const { describe, failures } = require('@chartkey/vocabulary');
const { openApiText } = require('../gateway/dist/http/openapi.js');
const { routes } = require('../gateway/dist/http/routes/index.js');
const { DEMO_CONSORTIUM } = require('../network/dist/consortium.js');
const { composeFile, prometheusConfig } = require('../network/dist/containers/compose.js');
const { Document, isMap, isPair, isScalar, visit } = require('yaml');

const root = join(__dirname, '..');

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

const from = (source) => ` Generated from ${source} by \`npm run documents\`.`;

/** YAML of a value; small lists and mappings on one line. */
function yamlText(value, comment) {
  // what YAML 1.1 reads as something else (no, 1:20) is quoted: parsers differ
  const document = new Document(value, { schema: 'yaml-1.1', aliasDuplicateObjects: false });
  document.commentBefore = comment;
  visit(document, {
    Collection(_, node) {
      const { items } = node;
      const plain = items.every((item) => isScalar(item) || (isPair(item) && isScalar(item.value)));
      const most = isMap(node) ? 60 : 100;
      node.flow = items.length === 0 || (plain && JSON.stringify(node).length <= most);
    },
  });
  return document.toString({ lineWidth: 0, flowCollectionPadding: false });
}

function composeText() {
  const comment = `${from('network/consortium.ts and network/containers')}
     docker compose --profile consortium up --build
 What it is, and what of it has been run: network/containers/README.md`;
  const text = yamlText(composeFile(), comment);
  // what all services share is written once: they name it, and YAML merges it
  return text
    .replace('x-hardened:\n', 'x-hardened: &hardened\n')
    .replaceAll(/<<: "?hardened"?\n/g, '<<: *hardened\n');
}

const documents = {
  'docs/failures.md': failuresPage,
  'docs/openapi.json': () => openApiText(routes),
  'docker-compose.yaml': composeText,
  'network/containers/prometheus.yaml': () =>
    yamlText(prometheusConfig(DEMO_CONSORTIUM), from('network/consortium.ts')),
};

let stale = 0;
for (const [name, make] of Object.entries(documents)) {
  const path = join(root, name);
  const text = make();
  if (existsSync(path) && readFileSync(path, 'utf8') === text) continue;
  if (process.argv.includes('--check')) {
    console.error(`  ${name} is not what the code says: npm run documents`);
    stale += 1;
  } else {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
    console.log(`wrote ${name}`);
  }
}
process.exit(stale === 0 ? 0 : 1);
