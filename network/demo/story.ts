import { createHash } from 'node:crypto';
import {
  connect,
  type Device,
  type Gateway,
  importKeys,
  makeKeys,
  type Patient,
  ProblemError,
  type Regulator,
  randomId,
} from '@chartkey/client';
import type { ListedAccess } from '@chartkey/vocabulary';
import { type Scene, tellEmergency, tellTwoOfThree } from './chapters.ts';
import type { DemoCredentials } from './founding.ts';
import type { Sample } from './samples.ts';

/** Where the story is told, one line at a time. */
export type Tell = (line: string) => void;

/** Lines that a list has at most. */
const MOST_LISTED = 12;

interface Cast {
  river: Device;
  lake: Device;
  patient: Patient;
  regulator: Regulator;
}

interface Stored extends Sample {
  record: string;
}

/**
 * The main job, told with the SDK over REST: store, refuse, grant, read byte for byte, revoke, refuse; then an
 * emergency and a record that two of three open; and the trail as the patient and the regulator see it.
 * @throws Error when anything is not as the story says
 */
export async function tellStory(credentials: DemoCredentials, samples: Sample[], tell: Tell): Promise<void> {
  tell(`Network ${credentials.network}.\n`);
  const cast = await meet(credentials, tell);
  const stored = await store(cast, samples, tell);
  const refusedBefore = await refuse(cast, stored, 'Lakeside has no permission yet', tell);
  const grant = await permit(cast, tell);
  const granted = await readBack(cast, stored, tell);
  const { accepted, done } = await cast.patient.revoke(grant, { second: cast.lake.gateway });
  if (!done) throw new Error('the revocation is not confirmed by two organisations');
  tell(`\n5. The patient takes the permission back. It is over from block ${accepted.block} on.`);
  tell('   Riverside and Lakeside each signed a receipt for it, and the two say the same.');
  const refusedAfter = await refuse(cast, stored.slice(0, 1), 'Lakeside asks once more', tell);
  const { patient, river, lake } = cast;
  const [first] = stored;
  if (!first) throw new Error('there is no record to tell of');
  const lakeside: Scene['lakeside'] = (practitioner, role, purpose) =>
    lake.gateway.device(lake.signer, {
      organisation: 'LakesideMSP',
      practitioner,
      role,
      purposes: [purpose],
    });
  const scene = { credentials, patient, river, lakeside, record: first.record, tell };
  const emergency = await tellEmergency(scene);
  const ruled = await tellTwoOfThree(scene);
  const all = [...refusedBefore, ...granted, ...refusedAfter, ...emergency, ...ruled];
  await showTrail(cast, all, tell);
}

async function meet(credentials: DemoCredentials, tell: Tell): Promise<Cast> {
  const practice = (role: 'physician' | 'auditor', purpose: 'TREAT' | 'HOPERAT') => ({
    practitioner: randomId(),
    role,
    purposes: [purpose],
  });
  const open = async (
    id: string,
  ): Promise<{ gateway: Gateway; keys: Awaited<ReturnType<typeof importKeys>> }> => {
    const one = credentials.organisations.find((organisation) => organisation.id === id);
    if (!one) throw new Error(`${id} is not in the credentials file`);
    const gateway = await connect(one.url, { network: credentials.network });
    return { gateway, keys: await importKeys(one.ehr) };
  };
  const [river, lake, regulator] = await Promise.all(
    ['RiversideMSP', 'LakesideMSP', 'RegulatorMSP'].map(open),
  );
  if (!river || !lake || !regulator) throw new Error('a gateway is missing');
  const patient = river.gateway.patient(await makeKeys());
  const cast: Cast = {
    river: river.gateway.device(river.keys.sig, practice('physician', 'TREAT')),
    lake: lake.gateway.device(lake.keys.sig, practice('physician', 'TREAT')),
    patient,
    regulator: regulator.gateway.regulator(regulator.keys.sig, practice('auditor', 'HOPERAT')),
  };
  await cast.river.enrol(await patient.enrolmentStatement({ recorder: 'RiversideMSP' }));
  tell(`1. A patient makes keys on their own device and enrols at Riverside Hospital.`);
  tell(`   The ledger knows the patient as ${patient.id}, and nothing else about them.`);
  return cast;
}

async function store({ river, patient }: Cast, samples: Sample[], tell: Tell): Promise<Stored[]> {
  tell(
    `\n2. Riverside stores ${samples.length} records: sealed in its own vault, their commitments on the ledger.`,
  );
  const stored: Stored[] = [];
  for (const sample of samples) {
    const { record } = await river.storeRecord(patient.id, sample.bytes, sample.mediaType);
    stored.push({ ...sample, record });
    if (stored.length > MOST_LISTED) continue;
    tell(`   ${sample.name.padEnd(42).slice(0, 42)} ${sizeOf(sample.bytes)}  ${sample.mediaType}`);
  }
  tellRest(samples, tell);
  return stored;
}

function tellRest(samples: Sample[], tell: Tell): void {
  if (samples.length > MOST_LISTED) tell(`   … and ${samples.length - MOST_LISTED} more`);
}

async function refuse({ lake }: Cast, stored: Stored[], why: string, tell: Tell): Promise<string[]> {
  tell(`\n   ${why}: refused, and each refusal is on the ledger.`);
  const refused: string[] = [];
  for (const { record, name } of stored) {
    const problem = await lake.readRecord(record).then(
      () => undefined,
      (error: unknown) => error,
    );
    if (!(problem instanceof ProblemError) || problem.status !== 403 || !problem.access) {
      throw new Error(`${name} should have been refused: ${problem}`);
    }
    refused.push(problem.access);
    if (refused.length === 1) tell(`   ${problem.status} ${problem.code}, entry ${short(problem.access)}`);
  }
  return refused;
}

async function permit({ patient }: Cast, tell: Tell): Promise<string> {
  const tomorrow = new Date(Date.now() + 86_400_000).toISOString();
  const { id, block } = await patient.grant({
    grantee: { organisation: 'LakesideMSP' },
    scope: 'all',
    actions: ['read'],
    purposes: ['TREAT'],
    notAfter: tomorrow,
  });
  tell('\n3. The patient signs a permission: Lakeside may read everything, for treatment, until tomorrow.');
  tell(`   Grant ${short(id)}, committed in block ${block}.`);
  return id;
}

async function readBack({ lake }: Cast, stored: Stored[], tell: Tell): Promise<string[]> {
  const granted: string[] = [];
  for (const { record, bytes, name } of stored) {
    const content = await lake.readRecord(record);
    const read = Buffer.from(await new Response(content.body).arrayBuffer());
    if (!read.equals(bytes)) throw new Error(`${name} came back changed`);
    granted.push(content.access);
  }
  tell(`\n4. Lakeside reads all ${stored.length}, each in one call: identical byte for byte.`);
  for (const { name, bytes } of stored.slice(0, MOST_LISTED)) {
    tell(
      `   ${name.padEnd(42).slice(0, 42)} SHA-256 ${createHash('sha256').update(bytes).digest('hex').slice(0, 16)}…`,
    );
  }
  tellRest(stored, tell);
  return granted;
}

async function showTrail({ patient, regulator }: Cast, expected: string[], tell: Tell): Promise<void> {
  const seen = await withIndex(() => collect(patient.accesses()), expected.length);
  const audited = await withIndex(() => collect(regulator.accessesOf(patient.id)), expected.length);
  const ids = (entries: ListedAccess[]) =>
    entries
      .map(({ access }) => access)
      .sort()
      .join();
  if (ids(seen) !== [...expected].sort().join() || ids(audited) !== ids(seen)) {
    throw new Error('the trail is not what happened');
  }
  const denied = seen.filter(({ decision }) => decision === 'denied').length;
  tell(`\n8. The patient lists every look: ${seen.length} entries, ${denied} of them refused.`);
  for (const { time, organisation, decision, code, basis, role } of seen.slice(0, 4)) {
    tell(`   ${time}  ${organisation} (${role})  ${decision}: ${code ?? basis}`);
  }
  tell(`   … The regulator sees the same ${audited.length}, and that it asked is on the ledger too.`);
}

async function collect(entries: AsyncIterable<ListedAccess>): Promise<ListedAccess[]> {
  const all: ListedAccess[] = [];
  for await (const entry of entries) all.push(entry);
  return all;
}

/** The index follows the blocks a moment behind; a story that just happened may not be in it yet. */
async function withIndex(list: () => Promise<ListedAccess[]>, most: number): Promise<ListedAccess[]> {
  for (let tries = 0; ; tries += 1) {
    const entries = await list();
    if (entries.length >= most || tries === 50) return entries;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

const short = (id: string) => `${id.slice(0, 12)}…`;

function sizeOf({ length }: Buffer): string {
  return `${length < 10_000 ? length : `${Math.round(length / 1024)} Ki`}B`.padStart(8);
}
