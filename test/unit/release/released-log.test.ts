import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  appendFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { openReleasedLog } from '../../../gateway/src/release/released-log.ts';
import { codeOf } from './asking.ts';
import { newTransaction } from './consortium.ts';
import { temporaryFolder } from './world.ts';

const root = temporaryFolder();
const recipient = randomBytes(32).toString('base64url');
const newAccess = () => `${newTransaction()}:0`;
const kills = process.env['SOAK'] === '1' ? 50 : 5;
const loader = join(__dirname, '../vault/load-typescript.cjs');

/** Lets a process release keys until it is killed; gives the accesses it would have answered. */
async function releaseUntilKilled(folder: string, answers: number): Promise<string[]> {
  const args = ['--require', loader, join(__dirname, 'releasing-child.ts'), folder, recipient];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  child.stdout.on('data', (part) => {
    output += part;
    if (output.split('\n').length > answers) child.kill('SIGKILL');
  });
  await new Promise((resolve) => child.once('close', resolve));
  return output.split('\n').slice(0, -1);
}

test('what was answered before a kill -9 is never released again', async () => {
  const folder = join(root, 'killed');
  const answered: string[] = [];
  for (let kill = 0; kill < kills; kill += 1) {
    const round = await releaseUntilKilled(folder, 10 + kill * 37);
    expect(round.length).toBeGreaterThanOrEqual(10);
    answered.push(...round);
    const log = await openReleasedLog(folder);
    for (const access of answered) expect(log.untilOf(access, recipient)).toBeDefined();
    expect(await codeOf(log.append({ access: answered[0] ?? '', recipient, until: Date.now() }))).toBe(
      'ALREADY_RELEASED',
    );
    await log.close();
  }
});

test('a line that was cut short spoils no other', async () => {
  const folder = join(root, 'torn');
  const until = Date.now() + 300_000;
  const [first, second, third] = [newAccess(), newAccess(), newAccess()];
  const log = await openReleasedLog(folder);
  await log.append({ access: first, recipient, until });
  await log.append({ access: second, recipient, until });
  await log.close();
  const file = join(folder, readdirSync(folder)[0] ?? '');
  truncateSync(file, readFileSync(file).length - 20);
  const after = await openReleasedLog(folder);
  expect(after.untilOf(second, recipient)).toBeUndefined();
  await after.append({ access: third, recipient, until });
  await after.close();
  const again = await openReleasedLog(folder);
  expect([first, third].map((access) => again.untilOf(access, recipient))).toEqual([until, until]);
});

test('what was written before the clock was set back is still known', async () => {
  const folder = join(root, 'clock');
  const access = newAccess();
  const now = Date.now();
  const log = await openReleasedLog(folder, { now: () => now });
  await log.append({ access, recipient, until: now + 300_000 });
  await log.close();
  const back = await openReleasedLog(folder, { now: () => now - 86_400_000 });
  expect(back.untilOf(access, recipient)).toBe(now + 300_000);
});

test('files go when their time is over, and only the log’s own', async () => {
  const folder = join(root, 'old');
  const clock = { now: Date.now() };
  const log = await openReleasedLog(folder, { now: () => clock.now, keep: 3_600_000 });
  const release = () => log.append({ access: newAccess(), recipient, until: clock.now + 300_000 });
  await release();
  writeFileSync(join(folder, 'released-note.log'), '');
  clock.now += 1_200_000;
  await release();
  expect(readdirSync(folder)).toHaveLength(3);
  clock.now += 4_200_000;
  await release();
  expect(readdirSync(folder)).toHaveLength(3);
  expect(readdirSync(folder)).toContain('released-note.log');
  await log.close();
});

test('a key does not leave when its release cannot be written, and stays spent', async () => {
  const folder = join(root, 'broken');
  const clock = { now: Date.now() };
  const log = await openReleasedLog(folder, { now: () => clock.now });
  const span = Math.floor(clock.now / 600_000);
  // A folder stands where the file should be.
  mkdirSync(join(folder, `released-${span}.log`));
  const access = newAccess();
  const release = { access, recipient, until: clock.now + 300_000 };
  expect(await codeOf(log.append(release))).toBe('BROKEN');
  expect(await codeOf(log.append(release))).toBe('ALREADY_RELEASED');
  rmdirSync(join(folder, `released-${span}.log`));
  await log.append({ ...release, access: newAccess() });
  await log.close();
});

test('lines that are no releases are left alone', async () => {
  const folder = join(root, 'lines');
  const log = await openReleasedLog(folder);
  const access = newAccess();
  await log.append({ access, recipient, until: Date.now() + 300_000 });
  await log.close();
  const file = join(folder, readdirSync(folder)[0] ?? '');
  appendFileSync(file, '{}\nnull\n[]\n{"access":1}\nnot json\n\u0000\n');
  expect((await openReleasedLog(folder)).untilOf(access, recipient)).toBeDefined();
});
