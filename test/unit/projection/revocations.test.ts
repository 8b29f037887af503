import { appendFileSync, existsSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import type { LedgerBlock } from '../../../gateway/src/ledger/ledger.ts';
import { AppendedLines } from '../../../gateway/src/release/revocation-file.ts';
import { Revocations } from '../../../gateway/src/release/revocations.ts';
import * as story from './chain-story.ts';

const { id } = story;
const patient = id('patient');
const grants = ['first', 'second', 'third', 'fourth'].map(id);
const device = id('device');

const revoking = (number: number, payload: Record<string, unknown>) =>
  story.transaction(number, (tx) => [story.statementWrite(tx, payload)]);
const grantRevoked = (number: number, grant: string | undefined, issuer = patient) =>
  revoking(number, { act: 'revokeConsent', iss: issuer, grant });

const blocks: LedgerBlock[] = story.chain(
  [grantRevoked(1, grants[0])],
  [],
  [grantRevoked(2, grants[1]), revoking(3, { act: 'revokeDevice', iss: 'RiversideMSP', device })],
  [{ ...grantRevoked(4, id('refused')), valid: false }, revoking(5, story.grantPayload(patient, 2))],
  [grantRevoked(6, grants[2]), grantRevoked(7, grants[0])],
  [grantRevoked(8, grants[3])],
);

let folder: ReturnType<typeof story.temporaryFolder>;
const open = () => Revocations.open({ folder: folder.path, network: story.NETWORK });
const file = () => join(folder.path, 'revocations');
const checkpoint = () => join(folder.path, 'checkpoint');
beforeEach(() => {
  folder = story.temporaryFolder();
});
afterEach(() => folder.remove());

function expectWhole(revocations: Revocations): void {
  for (const grant of grants) expect(revocations.has(patient, grant)).toBe(true);
  expect(revocations.has('RiversideMSP', device)).toBe(true);
  expect(revocations.size).toBe(5);
  expect(revocations.next()).toBe(6);
}

/** Fills a set from the blocks it says it lacks, as the follower does. */
async function fill(revocations: Revocations): Promise<Revocations> {
  await revocations.take(blocks.slice(revocations.next()));
  return revocations;
}

describe('the set of revocations', () => {
  test('holds what was revoked in valid blocks, for its issuer only', async () => {
    const revocations = await fill(open());
    expectWhole(revocations);
    expect(revocations.has(id('another patient'), grants[0] ?? '')).toBe(false);
    expect(revocations.has('LakesideMSP', device)).toBe(false);
    expect(revocations.has(patient, id('refused'))).toBe(false);
    expect(revocations.has(patient, device)).toBe(false);
    revocations.close();
  });

  test('is there again after a restart, also one without a close', async () => {
    const first = open();
    await first.take(blocks.slice(0, 3));
    const second = open();
    expect(second.next()).toBe(3);
    expect(second.has(patient, grants[1] ?? '')).toBe(true);
    expectWhole(await fill(second));
    first.close();
    second.close();
  });

  test('is the same however the blocks arrive', async () => {
    const sizes = fc.array(fc.record({ size: fc.nat(3), back: fc.nat(2), reopen: fc.boolean() }));
    await fc.assert(
      fc.asyncProperty(sizes, async (steps) => {
        rmSync(folder.path, { recursive: true });
        let revocations = open();
        for (const { size, back, reopen } of steps) {
          const at = revocations.next();
          await revocations.take(blocks.slice(Math.max(0, at - back), at + size));
          if (!reopen) continue;
          revocations.close();
          revocations = open();
        }
        expectWhole(await fill(revocations));
        revocations.close();
      }),
      { numRuns: 40, seed: 4 },
    );
  });

  test('cut off at any byte of its last two lines keeps every whole one, and is whole again once it has followed', async () => {
    (await fill(open())).close();
    const [content, saved] = [readFileSync(file()), readFileSync(checkpoint())];
    const ends = [...content.entries()].filter(([, byte]) => byte === 10).map(([at]) => at + 1);
    for (let bytes = ends.at(-3) ?? 0; bytes < content.length; bytes += 1) {
      writeFileSync(file(), content);
      writeFileSync(checkpoint(), saved);
      truncateSync(file(), bytes);
      const revocations = open();
      const lines = ends.filter((end) => end - 1 <= bytes).length;
      expect(revocations.size).toBe(Math.max(0, lines - 1));
      expect(revocations.next()).toBe(lines === ends.length ? 6 : 0);
      expectWhole(await fill(revocations));
      revocations.close();
      expect([...readFileSync(file(), 'utf8').matchAll(/\n/g)]).toHaveLength(6);
    }
  });

  test('with a flipped byte loses at most that line until it has followed again', async () => {
    (await fill(open())).close();
    const [content, saved] = [readFileSync(file()), readFileSync(checkpoint())];
    for (let at = 0; at < content.length; at += 7) {
      const flipped = Buffer.from(content);
      flipped[at] = (flipped[at] ?? 0) ^ 1;
      writeFileSync(file(), flipped);
      writeFileSync(checkpoint(), saved);
      const revocations = open();
      expect(revocations.size).toBeGreaterThanOrEqual(3);
      expectWhole(await fill(revocations));
      revocations.close();
    }
  });

  test('starts from block 0 when an old line is lost, though there are more than its checkpoint counts', async () => {
    const early = open();
    await early.take(blocks.slice(0, 3));
    const saved = readFileSync(checkpoint());
    (await fill(early)).close();
    const [first, , ...rest] = readFileSync(file(), 'utf8').split('\n');
    writeFileSync(file(), [first, ...rest].join('\n'));
    writeFileSync(checkpoint(), saved);
    const revocations = open();
    expect(revocations.next()).toBe(0);
    expectWhole(await fill(revocations));
    revocations.close();
  });

  test('starts from block 0 when its lines are gone, though its checkpoint is there', async () => {
    (await fill(open())).close();
    rmSync(file());
    const revocations = open();
    expect(revocations.next()).toBe(0);
    expectWhole(await fill(revocations));
    revocations.close();
  });

  test.each([
    '',
    '{',
    '{"next":6}',
    '{"next":-1,"lines":0,"crc":0}',
    '{"next":6,"lines":99,"crc":0}',
    '{"next":6,"lines":2,"crc":1}',
  ])('starts from block 0 when its checkpoint is %j, and forgets nothing', async (text) => {
    (await fill(open())).close();
    writeFileSync(checkpoint(), text);
    const revocations = open();
    expect(revocations.next()).toBe(0);
    expect(revocations.size).toBe(5);
    expectWhole(await fill(revocations));
    revocations.close();
  });

  test('does not grow with what it has seen before', async () => {
    (await fill(open())).close();
    const size = readFileSync(file()).length;
    rmSync(checkpoint());
    (await fill(open())).close();
    expect(readFileSync(file())).toHaveLength(size);
  });

  test('writes no checkpoint for a few blocks without revocations until it is closed', async () => {
    const revocations = open();
    await revocations.take(story.chain([], [], []));
    expect(existsSync(checkpoint())).toBe(false);
    revocations.close();
    expect(open().next()).toBe(3);
  });

  test('of another network is refused', async () => {
    (await fill(open())).close();
    expect(() => Revocations.open({ folder: folder.path, network: 'another' })).toThrow('another network');
  });

  test('ignores garbage after its last line', async () => {
    (await fill(open())).close();
    appendFileSync(file(), Buffer.from([0, 255, 10, 10, 13, 200]));
    const revocations = open();
    expectWhole(revocations);
    revocations.close();
  });

  test('knows a revocation that says more than today’s do', async () => {
    const revocations = open();
    const more = { act: 'revokeConsent', iss: patient, grant: grants[0], because: 'later' };
    await revocations.take(story.chain([revoking(1, more)]));
    expect(revocations.has(patient, grants[0] ?? '')).toBe(true);
    revocations.close();
  });

  test.each([
    [
      'is no statement',
      'x',
      { statement: 'a.b.c', transaction: '0'.repeat(64), committedAt: story.instant(1) },
    ],
    ['has no form', 'x', { text: 1 }],
    [
      'stands under another’s id',
      id('another'),
      {
        statement: story.statement({ act: 'revokeConsent', iss: patient, grant: grants[0] }).compact,
        transaction: '0'.repeat(64),
        committedAt: story.instant(1),
      },
    ],
    [
      'revokes nothing',
      story.statement({ act: 'revokeConsent', iss: patient }).id,
      {
        statement: story.statement({ act: 'revokeConsent', iss: patient }).compact,
        transaction: '0'.repeat(64),
        committedAt: story.instant(1),
      },
    ],
  ])('stops at a statement that %s', async (_, key, value) => {
    const revocations = open();
    const write = { objectType: 'statement', attributes: [key], value };
    const taken = revocations.take(
      story.chain([grantRevoked(1, grants[0])], [story.transaction(2, () => [write])]),
    );
    await expect(taken).rejects.toMatchObject({ name: 'BlockBroken', block: 1 });
    expect(revocations.next()).toBe(0);
    revocations.close();
  });

  test('refuses a gap', async () => {
    const revocations = open();
    await expect(revocations.take(blocks.slice(2))).rejects.toThrow('block 0 was left out');
    revocations.close();
  });
});

test('a review that finds a broken glass unjustified is remembered, a justified one not', async () => {
  const review = { act: 'reviewBreakGlass', iss: id('reviewer'), reason: 'no-treatment' };
  const revocations = open();
  await revocations.take(
    story.chain([
      revoking(1, { ...review, opening: id('one'), justified: false }),
      revoking(2, { ...review, opening: id('other'), justified: true }),
    ]),
  );
  expect([revocations.has('review', id('one')), revocations.has('review', id('other'))]).toEqual([
    true,
    false,
  ]);
  revocations.close();
});

test('a renewal of a device and a new master key are remembered in the ledger’s order', async () => {
  const renewal = { act: 'renewDevice', iss: 'RiversideMSP', device, validUntil: '2027-01-01T00:00:00.000Z' };
  const rotation = id('rotation');
  const key = { kty: 'EC', crv: 'P-256', x: 'A'.repeat(43), y: 'A'.repeat(43) };
  const successions = [{ statement: rotation, approvals: [], at: '2026-06-01T00:00:00.000Z' }];
  const master = { objectType: 'master-key', attributes: ['RiversideMSP'], value: { key, successions } };
  const revocations = open();
  await revocations.take(
    story.chain(
      [revoking(1, renewal)],
      [story.transaction(2, () => [master])],
      [revoking(3, { ...renewal, validUntil: '2026-07-01T00:00:00.000Z' })],
    ),
  );
  expect(revocations.restrictionsOf(device)).toHaveLength(2);
  expect(revocations.restrictionsOf('RiversideMSP')).toEqual([rotation]);
  revocations.close();
});

describe('what shapes a patient’s standing is remembered', () => {
  const acts = ['denyAccess', 'liftDenial', 'liftRule', 'nameContacts', 'startRecovery', 'setEmergencyCard'];
  const told = acts.map((act, n) => revoking(n + 1, { act, iss: patient, record: id(act) }));
  const ids = acts.map((act) => story.statement({ act, iss: patient, record: id(act) }).id);
  const shaped = story.chain(...told.map((one) => [one]));

  test('in the ledger’s order, and grants are no part of it', async () => {
    const revocations = open();
    await revocations.take(shaped.slice(0, 4));
    await revocations.take(shaped.slice(4));
    expect(revocations.restrictionsOf(patient)).toEqual(ids);
    revocations.close();
    const others = open();
    expect(others.restrictionsOf(patient)).toEqual(ids);
    await others.take(
      story.chain(...told.map((one) => [one]), [revoking(9, story.grantPayload(patient, 2))]),
    );
    expect(others.restrictionsOf(patient)).toEqual(ids);
    others.close();
  });

  test('in that order also when a line was lost and read again', async () => {
    const first = open();
    await first.take(shaped);
    first.close();
    const lines = readFileSync(file(), 'utf8').split('\n');
    writeFileSync(file(), lines.filter((_, at) => at !== 2).join('\n'));
    for (const _again of [1, 2]) {
      const revocations = open();
      await revocations.take(shaped.slice(revocations.next()));
      expect(revocations.restrictionsOf(patient)).toEqual(ids);
      revocations.close();
    }
  });

  test('by a set of an earlier version only once it has read all blocks again', async () => {
    const { lines } = AppendedLines.open(file());
    lines.append([`chartkey-revocations/1 ${story.NETWORK}`, `restricts ${patient} ${ids[3]}`]);
    writeFileSync(checkpoint(), JSON.stringify({ next: shaped.length, ...lines.mark }));
    lines.close();
    const revocations = open();
    expect(revocations.next()).toBe(0);
    await revocations.take(shaped);
    expect(revocations.restrictionsOf(patient)).toEqual(ids);
    revocations.close();
  });
});
