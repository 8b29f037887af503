import { randomBytes } from 'node:crypto';
import { AnchorsDisagree, ChartkeyError, connect } from '@chartkey/client';
import type { EndToEndRead } from '@chartkey/vocabulary';
import { wrapDataKey } from '../../gateway/src/release/key-wrapping.ts';
import { openFileStore, openVault } from '../../gateway/src/vault/index.ts';
import { eventually } from '../journeys/cast.ts';
import * as client from '../journeys/independent-client.ts';
import { bytesIn, cast, personAt, postRead, requestBy, sessionAt } from '../journeys/reading-cast.ts';
import { Chance } from '../support/chance.ts';
import { ownFolder, sharedConsortium } from '../support/consortium.ts';
import type { LedgerPatient } from '../support/ledger-actor.ts';
import { askRelease, gatewayKey, proof, releasesAt } from '../support/release-proofs.ts';
import { seed, share } from '../support/share.ts';
import { drained } from '../unit/client/sealed-record.ts';

const { river, lake, network } = cast;
const segment = 65_536;
const content = randomBytes(3 * segment + 100);
let patient: LedgerPatient;
let record: string;
/** releases of the same record's next version, and of another record of the patient's */
let others: EndToEndRead[];

beforeAll(async () => {
  const token = await cast.token(river);
  patient = await cast.patient(token);
  record = await cast.record(token, patient, content);
  const second = await cast.record(token, patient, randomBytes(content.length));
  const update = await fetch(`${river.url}/v1/records/${record}/content`, {
    method: 'PUT',
    headers: { Authorization: `Bearer ${token}`, 'If-Match': '"1"', 'Idempotency-Key': client.randomId() },
    body: new Uint8Array(randomBytes(content.length)),
  });
  expect(update.status).toBe(201);
  others = [await released(record, 2), await released(second)];
  const there = await cast.patientToken(patient, lake);
  await eventually(async () => (await client.get(`${lake.url}/v1/records/${second}`, there)).status === 200);
});

async function released(what: string, version?: number, at = river): Promise<EndToEndRead> {
  const { token, session } = await sessionAt(at, patient.sig);
  const asked = { session, record: what, purpose: 'PATRQT', ...(version && { version }) } as const;
  const answer = await postRead(at.url, token, requestBy(patient.sig, asked));
  expect(answer.status).toBe(200);
  return (await answer.json()) as EndToEndRead;
}

interface Lie {
  answer?: (told: EndToEndRead, other: EndToEndRead, chance: Chance) => object;
  sealed?: (bytes: Buffer, chance: Chance) => Buffer;
}

/** What an app hears through a gateway that tells something else than it was told. */
function lying({ answer, sealed }: Lie, other: EndToEndRead, chance: Chance): typeof fetch {
  return async (input, init) => {
    const real = await fetch(input, init);
    const { status, headers } = real;
    const kept = new Headers(headers);
    const path = new URL(String(input)).pathname;
    if (path === '/v1/reads' && answer && real.ok) {
      kept.delete('content-length');
      const told = answer((await real.json()) as EndToEndRead, other, chance);
      return new Response(JSON.stringify(told), { status, headers: kept });
    }
    if (!path.endsWith('/sealed') || !sealed) return real;
    const bytes = sealed(Buffer.from(await real.arrayBuffer()), chance);
    return new Response(new Uint8Array(bytes), { status, headers: kept });
  };
}

const flipped = (bytes: Buffer, chance: Chance) => {
  const spoiled = Buffer.from(bytes);
  const at = chance.below(spoiled.length);
  spoiled[at] = (spoiled[at] ?? 0) ^ (1 << chance.below(8));
  return spoiled;
};
const flippedText = (text: string, encoding: 'base64' | 'base64url', chance: Chance) =>
  flipped(Buffer.from(text, encoding), chance).toString(encoding);
const swapping =
  (...names: (keyof EndToEndRead)[]): NonNullable<Lie['answer']> =>
  (told, other) => ({ ...told, ...Object.fromEntries(names.map((name) => [name, other[name]])) });

const lies: Record<string, Lie> = {
  'a flipped bit of the header': {
    answer: (told, _, chance) => ({
      ...told,
      sealedHeader: flippedText(told.sealedHeader, 'base64url', chance),
    }),
  },
  'a flipped bit of the leaves': {
    answer: (told, _, chance) => ({ ...told, leaves: flippedText(told.leaves, 'base64', chance) }),
  },
  'a leaf less': { answer: (told) => ({ ...told, leaves: told.leaves.slice(0, -64) }) },
  'a flipped bit of the commitment': {
    answer: (told, _, chance) => ({ ...told, commitment: flippedText(told.commitment, 'base64url', chance) }),
  },
  'a flipped bit of the key': {
    answer(told, _, chance) {
      const parts = told.key.split('.');
      const at = chance.below(parts.length);
      parts[at] = flippedText(parts[at] ?? '', 'base64url', chance);
      return { ...told, key: parts.join('.') };
    },
  },
  'a header of another version': { answer: swapping('sealedHeader') },
  'leaves of another version': { answer: swapping('leaves') },
  'a key of another access': { answer: swapping('key') },
  'a commitment of another version': { answer: swapping('commitment') },
  'header and leaves of another version': { answer: swapping('sealedHeader', 'leaves') },
  'header, leaves and commitment of another version': {
    answer: swapping('sealedHeader', 'leaves', 'commitment'),
  },
  'all of another version under this one’s name': {
    answer: swapping('access', 'sealedHeader', 'leaves', 'commitment', 'key'),
  },
  'all of another version': { answer: (_, other) => other },
  'another patient’s name': { answer: (told) => ({ ...told, patient: 'P'.repeat(42).concat('A') }) },
  'no header at all': { answer: ({ sealedHeader: _, ...told }) => told },
  'a header in the clear': {
    answer: ({ sealedHeader: _, ...told }) => ({ ...told, header: { mediaType: 'text/html' } }),
  },
  'a flipped bit of the bytes': { sealed: flipped },
  'bytes cut short': { sealed: (bytes, chance) => bytes.subarray(0, chance.below(bytes.length)) },
  'more bytes': { sealed: (bytes) => Buffer.concat([bytes, randomBytes(16)]) },
  'segments in another order': {
    sealed: (bytes) =>
      Buffer.concat([
        bytes.subarray(0, segment),
        bytes.subarray(2 * segment, 3 * segment),
        bytes.subarray(segment, 2 * segment),
        bytes.subarray(3 * segment),
      ]),
  },
  'nothing at all': { sealed: () => Buffer.alloc(0) },
};

describe.each([river, lake])('behind the gateway of $id', (at) => {
  test.each(Object.entries(lies))('%s: the reader notices, and gets no wrong byte', async (_what, lie) => {
    const chance = new Chance(seed);
    for (let round = 0; round < share(40, 1); round += 1) {
      const other = others[chance.below(others.length)]!;
      const liar = lying(lie, other, chance);
      const reader = await personAt(at, patient, { fetch: liar, retries: false });
      const reading = reader.readRecord(record, { version: 1 }).then(drained);
      const { arrived, failure } = await reading.catch((failure: unknown) => ({
        arrived: Buffer.alloc(0),
        failure,
      }));
      expect(failure).toBeInstanceOf(ChartkeyError);
      expect(['Tampered', 'WrongKey', 'UnexpectedAnswer', 'Interrupted']).toContain((failure as Error).name);
      expect(content.subarray(0, arrived.length).equals(arrived)).toBe(true);
    }
  });
});

test('a gateway that makes up a whole record is caught by a second gateway, and by nothing else', async () => {
  const { folder, remove } = ownFolder();
  const vault = await openVault({
    network,
    payloads: await openFileStore(`${folder}/vault`),
    keyFolder: `${folder}/keys`,
    patientKeyFolder: `${folder}/patient-keys`,
  });
  const about = {
    ...{ patient: patient.id, custodian: river.id, author: patient.id },
    ...{ mediaType: 'text/plain', labels: [] },
  };
  const lie = Buffer.from('nothing was found');
  const { commitment } = await vault.sealRecord([lie], { ...about, record, version: 1 });
  const opened = await vault.openVersion({ record, version: 1, patient: patient.id, commitment });
  const bytes = Buffer.concat(await (await vault.sealedRange(opened)).toArray());
  const forged: Lie = {
    answer: ({ access, ...told }) => ({
      ...told,
      ...{ access, commitment },
      key: wrapDataKey(opened.dataKey, patient.enc.publicJwk, { access, record, version: 1 }),
      leaves: Buffer.from(opened.version.leaves).toString('base64'),
      sealedHeader: Buffer.from(opened.sealedHeader).toString('base64url'),
    }),
  };
  const forging: typeof fetch = async (input, init) => {
    if (!new URL(String(input)).pathname.endsWith('/sealed')) {
      return lying(forged, others[0]!, new Chance(seed))(input, init);
    }
    const headers = { 'Content-Range': `bytes 0-${bytes.length - 1}/${bytes.length}` };
    return new Response(new Uint8Array(bytes), { status: 206, headers });
  };
  const reader = await personAt(lake, patient, { fetch: forging, retries: false });
  expect((await bytesIn(await reader.readRecord(record, { version: 1 }))).equals(lie)).toBe(true);
  const second = await connect(river.url, { network });
  await expect(reader.readRecord(record, { version: 1, second })).rejects.toThrow(AnchorsDisagree);
  remove();
});

test('a gateway that hides the newest version is caught by a second gateway', async () => {
  const hiding: Lie = { answer: (told) => told };
  const honest = await personAt(lake, patient, { fetch: lying(hiding, others[0]!, new Chance(seed)) });
  const second = await connect(river.url, { network });
  expect(await honest.readRecord(record, { second })).toMatchObject({ version: 2 });
  const old = await released(record, 1, lake);
  const stale: typeof fetch = lying({ answer: () => old }, old, new Chance(seed));
  const reader = await personAt(lake, patient, { fetch: stale });
  await expect(reader.readRecord(record, { second })).rejects.toThrow(AnchorsDisagree);
});

test('a gateway that passes a release on learns nothing of the content, and cannot open it', async () => {
  const { access } = await released(record, 1, lake);
  const key = gatewayKey(sharedConsortium().dataDir, lake.id);
  const again = await askRelease(river.url, access, proof(key, releasesAt(river.url)));
  expect([again.status, Object.keys(again.json).sort()]).toEqual([
    200,
    ['access', 'key', 'leaves', 'sealedHeader'],
  ]);
  const [head = ''] = String(again.json['key']).split('.');
  const { kid } = JSON.parse(Buffer.from(head, 'base64url').toString()) as { kid: string };
  expect(kid).toBe(patient.enc.id);
  const words = ['text/plain', 'mediaType', 'sha256', 'salt'];
  for (const word of words) {
    expect(Buffer.from(String(again.json['sealedHeader']), 'base64url').includes(word)).toBe(false);
    expect(again.bytes.includes(word)).toBe(false);
  }
});
