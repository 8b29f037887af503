import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const sources = join(__dirname, '..', '..', '..', 'client', 'src');
const files = readdirSync(sources, { recursive: true, encoding: 'utf8' }).filter((name) =>
  name.endsWith('.ts'),
);
/** Each runs in a browser as it is. */
const allowed = [
  ...['@chartkey/rules', '@chartkey/vocabulary', 'eventsource-parser', '@noble/curves/nist.js'],
  ...['hkdf', 'scrypt', 'sha2'].map((name) => `@noble/hashes/${name}.js`),
];

test('there are sources to look at', () => expect(files.length).toBeGreaterThan(10));

test.each(files)('%s imports nothing that a browser lacks', (file) => {
  const text = readFileSync(join(sources, file), 'utf8');
  const imported = [...text.matchAll(/(?:from|import|require)\s*\(?\s*['"]([^'"]+)['"]/g)].map(
    ([, name]) => name,
  );
  for (const name of imported) if (!name?.startsWith('.')) expect(allowed).toContain(name);
  expect(text).not.toMatch(/\b(?:process|Buffer|__dirname|setImmediate|require)\b(?![^\n]*['`])/);
});
