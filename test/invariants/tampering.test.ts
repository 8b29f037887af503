import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect, type Device, importKeys } from '@chartkey/client';
import { Chance } from '../support/chance.ts';
import { sharedConsortium } from '../support/consortium.ts';
import { cast } from '../support/rest-actors.ts';
import { type Answer } from '../support/rest-answers.ts';
import { type RestPatient } from '../support/rest-patient.ts';
import { seed, share } from '../support/share.ts';

const { credentials, dataDir } = sharedConsortium();
const people = cast(credentials);
const segment = 65_536;
const [first, second] = [randomBytes(3 * segment + 100), randomBytes(3 * segment + 100)];
let patient: RestPatient;
let record: string;
let sdk: Device;
/** paths of a version's two files */
let files: { sealed: string; sidecar: string }[];

beforeAll(async () => {
  patient = await people.patient();
  record = await people.record(patient, first);
  expect((await people.river.storeVersion(record, 1, second)).status).toBe(201);
  await patient.grant('LakesideMSP');
  const folder = join(dataDir, 'organisations', 'RiversideMSP', 'vault', record.slice(0, 2));
  files = [1, 2].map((version) => {
    const named = (end: string) =>
      join(
        folder,
        readdirSync(folder).find((name) => name.startsWith(`${record}.${version}.`) && name.endsWith(end)) ??
          '',
      );
    return { sealed: named('.sealed'), sidecar: named('.sidecar') };
  });
  const { url, ehr } = people.lake.organisation;
  const gateway = await connect(url, { network: credentials.network, retries: false });
  const practice = {
    practitioner: people.lake.practitioner,
    role: 'physician',
    purposes: ['TREAT'],
  } as const;
  sdk = gateway.device((await importKeys(ehr)).sig, { ...practice, purposes: ['TREAT'] });
});

type Damage = (bytes: Buffer, other: Buffer, chance: Chance) => Buffer;

const damages: Record<string, Damage> = {
  'a flipped bit'(bytes, _other, chance) {
    const damaged = Buffer.from(bytes);
    const at = chance.below(damaged.length);
    damaged[at] = damaged[at]! ^ (1 << chance.below(8));
    return damaged;
  },
  'a cut end': (bytes, _other, chance) => bytes.subarray(0, chance.below(bytes.length)),
  'a cut at a segment': (bytes) => bytes.subarray(0, Math.min(segment, bytes.length - 1)),
  'more bytes': (bytes, _other, chance) => Buffer.concat([bytes, randomBytes(1 + chance.below(100))]),
  'the other version’s file': (_bytes, other) => Buffer.from(other),
  'segments in another order'(bytes) {
    if (bytes.length < 3 * segment) return Buffer.from(bytes).reverse();
    const part = (at: number) => bytes.subarray(at * segment, (at + 1) * segment);
    return Buffer.concat([part(0), part(2), part(1), bytes.subarray(3 * segment)]);
  },
  'a segment of the other version'(bytes, other) {
    if (bytes.length < 3 * segment) return Buffer.concat([bytes.subarray(0, 60), other.subarray(60)]);
    const spliced = Buffer.from(bytes);
    other.copy(spliced, segment, segment, 2 * segment);
    return spliced;
  },
  'nothing at all': () => Buffer.alloc(0),
};

/** A whole answer is right; whatever else came is the beginning of what is right. */
function expectNoWrongByte(answer: Answer, content: Buffer): void {
  if (answer.status >= 400) {
    expect(answer.json).toMatchObject({ status: answer.status, code: expect.stringMatching(/^[A-Z_]+$/) });
    return;
  }
  expect(content.subarray(0, answer.bytes.length).equals(answer.bytes)).toBe(true);
  if (!answer.cut) expect(answer.bytes).toHaveLength(content.length);
}

const ofSdk = async (version: number): Promise<Buffer | undefined> => {
  try {
    const { body } = await sdk.readRecord(record, { version });
    return Buffer.from(await new Response(body).arrayBuffer());
  } catch {
    return undefined;
  }
};

describe.each(['sealed', 'sidecar'] as const)('a %s file with', (kind) => {
  test.each(Object.entries(damages))(
    '%s: no wrong byte is served, here or elsewhere',
    async (what, damage) => {
      const chance = new Chance(seed);
      for (let round = 0; round < share(60, 1); round += 1) {
        const which = chance.below(2);
        const [path, other] = [files[which]![kind], files[1 - which]![kind]];
        const whole = readFileSync(path);
        const content = which === 0 ? first : second;
        const version = which + 1;
        writeFileSync(path, damage(whole, readFileSync(other), chance));
        try {
          const answers = [
            await people.lake.read(record, { version }),
            await people.river.read(record, { version }),
          ];
          for (const answer of answers) expectNoWrongByte(answer, content);
          // Bytes behind the sealed stream's end are nobody's: they are never read.
          const isWhole = kind === 'sealed' && what === 'more bytes';
          for (const { status, cut } of answers) expect(status < 400 && !cut).toBe(isWhole);
          expect((await ofSdk(version))?.equals(content)).toBe(isWhole || undefined);
        } finally {
          writeFileSync(path, whole);
        }
      }
    },
  );
});

test('files that are whole again are served again', async () => {
  for (const [at, content] of [first, second].entries()) {
    const answer = await people.lake.read(record, { version: at + 1 });
    expect([answer.status, answer.bytes.equals(content)]).toEqual([200, true]);
    expect((await ofSdk(at + 1))?.equals(content)).toBe(true);
  }
});
