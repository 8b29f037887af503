import type { SealedPart } from '@chartkey/client';
import type { Vault } from '../../gateway/src/vault/index.ts';
import { release } from '../unit/client/sealed-record.ts';
import { plaintext, temporaryFolder, vaultIn } from '../unit/vault/sample.ts';
import { brokenPath, ReadingPage, sha256 } from './reading-page.ts';

const root = temporaryFolder();
const content = plaintext(200_000);
let reading: ReadingPage;
let vault: Vault;

beforeAll(async () => {
  vault = await vaultIn(root);
  reading = await ReadingPage.start();
});
afterAll(() => reading?.stop());

const segment = (bytes: Buffer, at: number) => bytes.subarray(at * 65_536, (at + 1) * 65_536);
const flipped = (bytes: Buffer, at: number) => {
  const spoiled = Buffer.from(bytes);
  spoiled[at] = (spoiled[at] ?? 0) ^ 1;
  return spoiled;
};

/** Base64url of the same bytes with the last one changed. */
const flippedText = (text: string) => {
  const bytes = Buffer.from(text, 'base64url');
  return flipped(bytes, bytes.length - 1).toString('base64url');
};

test.each<[string, (sealed: Buffer) => Buffer, string, number]>([
  ['another prologue', (all) => flipped(all, 0), 'prologue', 0],
  ['another salt', (all) => flipped(all, 1), 'segment 0', 0],
  ['one bit flipped', (all) => flipped(all, 70_000), 'segment 1', 65_480],
  ['another tag', (all) => flipped(all, all.length - 1), 'segment 3', 196_520],
  [
    'two segments swapped',
    (all) => Buffer.concat([segment(all, 0), segment(all, 2), segment(all, 1), segment(all, 3)]),
    'segment 1',
    65_480,
  ],
  [
    'a segment left out',
    (all) => Buffer.concat([segment(all, 0), segment(all, 2), segment(all, 3)], all.length),
    'segment 1',
    65_480,
  ],
])('with %s a browser passes on nothing but what came right before', async (_name, spoil, part, length) => {
  const made = await release(vault, content, reading.enc);
  const read = await reading.opened(reading.askFor({ ...made, sealed: spoil(made.sealed) }));
  const right = content.subarray(0, length);
  expect(read).toMatchObject({ failure: { name: 'Tampered', part }, length, sha256: sha256(right) });
});

test('a connection that breaks off is told from bytes that are wrong', async () => {
  const made = await release(vault, content, reading.enc);
  const read = await reading.opened(reading.askFor(made, brokenPath));
  expect(read.failure).toEqual({ name: 'Interrupted' });
  expect(read.length).toBeLessThanOrEqual(100_000);
  expect(read.sha256).toBe(sha256(content.subarray(0, read.length)));
});

test('a wrong header, leaves, anchor or key is refused before any sealed byte is asked for', async () => {
  const made = await release(vault, content, reading.enc);
  const other = await release(vault, content, reading.enc);
  const stranger = await reading.page.run(async (sdk) => (await sdk.makeKeys()).enc);
  const theirs = await release(vault, content, stranger);
  const what = reading.askFor(made);
  const { answer, anchor } = made;
  const refused = [
    { ...what, answer: { ...answer, sealedHeader: flippedText(answer.sealedHeader) } },
    { ...what, answer: { ...answer, leaves: other.answer.leaves } },
    { ...what, anchor: { ...anchor, patient: `${'q'.repeat(42)}A` } },
    { ...what, answer: { ...answer, key: other.answer.key } },
    { ...what, answer: theirs.answer, anchor: theirs.anchor },
    { ...what, answer: { ...answer, key: `${answer.key.slice(0, -2)}AA` } },
  ];
  reading.asked = [];
  const failures = [];
  for (const one of refused) failures.push((await reading.opened(one)).failure);
  expect(failures).toEqual([
    { name: 'Tampered', part: 'header' },
    { name: 'Tampered', part: 'commitment' },
    { name: 'Tampered', part: 'header' },
    { name: 'WrongKey', reason: 'for another use' },
    { name: 'WrongKey', reason: 'for another reader' },
    { name: 'WrongKey', reason: 'does not open' },
  ]);
  expect(reading.asked).toEqual([]);
});

test('a body that is wrapped in a Response fails too, but only the stream itself says why', async () => {
  const made = await release(vault, content, reading.enc);
  const what = reading.askFor({ ...made, sealed: flipped(made.sealed, 70_000) });
  const failure = await reading.page.run(async (sdk, { path, ...reading }) => {
    const fetchSealed = ({ first, last }: SealedPart) =>
      fetch(path, { headers: { Range: `bytes=${first}-${last}` } });
    const { body } = await sdk.openSealed({ ...reading, keys: globalThis.keys, fetchSealed });
    return new Response(body).arrayBuffer().catch(({ name }: Error) => name);
  }, what);
  expect(failure).toBe('TypeError');
});
