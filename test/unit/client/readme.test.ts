import { readFileSync } from 'node:fs';
import { join } from 'node:path';

test('the example of the README is the one that is type-checked', () => {
  const readme = readFileSync(join(__dirname, '..', '..', '..', 'client', 'README.md'), 'utf8');
  const example = readFileSync(join(__dirname, 'example.ts'), 'utf8');
  expect(readme).toContain(`\`\`\`ts\n${example}\`\`\``);
});
