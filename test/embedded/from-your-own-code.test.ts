import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ownFolder } from '../support/consortium.ts';
import { type OwnConsortium, startOwnConsortium } from '../support/own-consortium.ts';

const root = join(__dirname, '..', '..');
/** As in the repository's folder: where the reader's own file finds the SDK that was built. */
const inside = mkdtempSync(join(mkdirp(join(root, 'test', 'dist')), 'own-code-'));
/** As beside the demo's data folder. */
const { folder: beside, remove } = ownFolder();
let consortium: OwnConsortium;

beforeAll(async () => {
  consortium = await startOwnConsortium({ gateways: ['RiversideMSP', 'LakesideMSP'] });
  symlinkSync(consortium.dataDir, join(beside, '.chartkey'));
});
afterAll(async () => {
  await consortium?.stop();
  rmSync(inside, { recursive: true });
  remove();
});

function mkdirp(folder: string): string {
  mkdirSync(folder, { recursive: true });
  return folder;
}

/** The code blocks of a page in one language, in order. */
function blocksOf(page: string, language: string): string[] {
  const text = readFileSync(join(root, page), 'utf8');
  return [...text.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, 'gms'))].map(
    ([, code = '']) => code,
  );
}

/** What a file prints that holds the code, as the page says to run it. */
async function printed(file: string, code: string): Promise<string[]> {
  writeFileSync(join(inside, file), code);
  const { stdout } = await promisify(execFile)(process.execPath, [join(inside, file)], { cwd: beside });
  return stdout.trimEnd().split('\n');
}

test('the README’s own code runs as it stands: refused, granted, read', async () => {
  const [code = ''] = blocksOf('README.md', 'js');
  expect(await printed('try.mjs', code)).toEqual(['NO_GRANT', 'blood group 0']);
});

test('the SDK’s story runs as it stands, and the patient sees every look', async () => {
  const lines = await printed('story.mts', blocksOf('client/README.md', 'ts').slice(0, 2).join('\n'));
  expect(lines[0]).toMatch(/^NO_GRANT Ask the patient for a grant\. \S+:0$/);
  expect(lines.slice(1)).toEqual([
    'two organisations say so, each with its receipt',
    expect.stringMatching(/ LakesideMSP granted$/),
    expect.stringMatching(/ LakesideMSP denied$/),
    'ISA*00*',
  ]);
});
