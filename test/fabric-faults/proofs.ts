import type { AccessEntry } from '@chartkey/vocabulary';
import * as wire from '../journeys/independent-client.ts';
import { entriesIn } from '../support/entries.ts';
import type { OwnConsortium } from '../support/own-consortium.ts';
import type { RestPatient } from '../support/rest-patient.ts';
import type { Chains } from './chains.ts';
import { isDefinite, type Sent, type SteadyTraffic } from './steady-traffic.ts';

/** What a refusal may say while something is down; the last one, of a read that took over 30 s. */
const clear = new Set([
  'LEDGER_UNAVAILABLE',
  'CUSTODIAN_UNAVAILABLE',
  'BUSY',
  'OUTCOME_UNKNOWN',
  'ACCESS_TOO_OLD',
]);
/** After a gateway's restart its tokens are gone. */
const TOKENS_GONE = 401;

export interface Stage {
  own: OwnConsortium;
  chains: Chains;
  /** everything that ever was stored, by record */
  contents: Map<string, Buffer>;
  /** who uploads are about */
  patient: RestPatient;
}

/** What is wrong after a fault, in sentences; empty when every promise was kept. */
export async function violations(stage: Stage, traffic: SteadyTraffic): Promise<string[]> {
  const before = stage.contents.size;
  const uploads = await settleUploads(stage, traffic);
  await traffic.settle();
  const unread = await unreadable(stage, before);
  const forked = await stage.chains.takeIn();
  return [
    ...traffic.wrong,
    ...uploads,
    ...unread,
    ...forked,
    ...unclear(traffic),
    ...lostWrites(stage, traffic),
    ...unlogged(stage, traffic),
  ];
}

/** Sends every upload again: what was acknowledged is found, what was refused for certain was not there. */
async function settleUploads({ own, contents, patient }: Stage, { sent }: SteadyTraffic): Promise<string[]> {
  const { river } = own.people;
  const uploads = sent.flatMap(({ upload, answer }) => (upload ? [{ ...upload, answer }] : []));
  const found = await inTurns(uploads, async ({ key, content, answer }) => {
    const again = await river.store(patient.id, content, key);
    if (again.status !== 200 && again.status !== 201) return `an upload stays ${again.status} ${again.code}`;
    contents.set(String(again.json['record']), content);
    if (answer?.status === 201 && !(again.status === 200 && same(again.json, answer.json))) {
      return 'an acknowledged upload was not found again';
    }
    return isDefinite(answer) && again.status === 200
      ? `an upload refused with ${answer?.status} ${answer?.code} stood on the ledger`
      : undefined;
  });
  return present(found);
}

/** Reads records back at their custodian, from one on, and the newest ones at the other hospital too. */
export async function unreadable({ own, contents }: Stage, from: number): Promise<string[]> {
  const { river, lake } = own.people;
  const here = [...contents].slice(from).map((one) => [river, ...one] as const);
  const elsewhere = [...contents].slice(-20).map((one) => [lake, ...one] as const);
  const found = await inTurns([...here, ...elsewhere], async ([reader, record, content]) => {
    const { status, code, bytes } = await reader.read(record);
    if (status === 200 && bytes.equals(content)) return undefined;
    return `a stored record is not readable at ${reader.organisation.id}: ${status} ${code}`;
  });
  return present(found);
}

/** Refusals that do not say what the matter is. */
function unclear({ sent }: SteadyTraffic): string[] {
  return sent.flatMap(({ kind, answer, statement }) => {
    if (!answer || answer.status < 300 || answer.status === TOKENS_GONE || clear.has(answer.code)) return [];
    const meant = kind === 'refused read' && answer.status === 403;
    // A peer that is behind knows an earlier number: it says so, and nothing has come about.
    const behind =
      answer.code === 'STALE_SEQUENCE' && Number(answer.json['expected']) < (statement?.seq ?? 0);
    return meant || behind ? [] : [`a ${kind} was refused with ${answer.status} ${answer.code}`];
  });
}

/** Acknowledged writes that are not on the chain, and writes that stand there more often than once. */
function lostWrites({ chains, contents }: Stage, { sent }: SteadyTraffic): string[] {
  const valid = chains.valid();
  const records = chains.written('record');
  const statements = chains.written('statement');
  const written = new Set(records);
  const acknowledged = sent.filter(({ answer, upload, statement }) => (upload ?? statement) && ok(answer));
  const said = new Set(sent.flatMap(({ statement }) => (statement?.done ? [statement.text] : [])));
  return [
    ...acknowledged.flatMap(({ kind, answer }) =>
      valid.has(String(answer?.json['transaction'])) ? [] : [`an acknowledged ${kind} is not on the chain`],
    ),
    ...[...said].flatMap((text) => {
      const times = statements.filter((id) => id === wire.statementId(text)).length;
      return times === 1 ? [] : [`a statement stands on the chain ${times} times`];
    }),
    ...[...contents.keys()].flatMap((id) => (written.has(id) ? [] : ['a record is not on the chain'])),
    ...(records.length === contents.size
      ? []
      : [`${records.length} records on the chain, ${contents.size} uploads`]),
  ];
}

/** Reads and releases without their entry, or with one that was made at another time. */
function unlogged({ own, chains }: Stage, { sent }: SteadyTraffic): string[] {
  const entries = new Map(entriesIn(chains.blocks).map((entry) => [entry.access, entry]));
  const reads = sent.filter(({ kind, answer }) => kind.endsWith('read') && (ok(answer) || answer?.access));
  const released = ['RiversideMSP', 'LakesideMSP'].flatMap((id) => own.released(id));
  return [
    ...reads.flatMap((read) => {
      const wrong = mismatch(read, entries.get(read.answer!.access));
      return wrong ? [`a ${read.kind} answered ${read.answer!.status}: ${wrong}`] : [];
    }),
    ...released.flatMap((access) =>
      entries.get(access)?.decision === 'granted' ? [] : ['a key was released without a granted entry'],
    ),
  ];
}

function mismatch({ kind, sent, answered, answer }: Sent, entry: AccessEntry | undefined) {
  if (!entry) return 'its entry is not on the chain';
  const asker = kind === 'own read' ? 'RiversideMSP' : 'LakesideMSP';
  if (entry.organisation !== asker) return 'its entry names another organisation';
  if (entry.decision !== (ok(answer) ? 'granted' : 'denied')) return `its entry says ${entry.decision}`;
  const at = Date.parse(entry.time);
  return at >= sent && at <= answered ? undefined : 'its entry was made at another time';
}

const ok = (answer: Sent['answer']) => answer !== undefined && answer.status < 300;
const same = (one: unknown, other: unknown) => JSON.stringify(one) === JSON.stringify(other);
const present = (found: (string | undefined)[]) => found.filter((one) => one !== undefined);

/** So many at a time. */
const TOGETHER = 32;

async function inTurns<Item, Found>(items: Item[], work: (item: Item) => Promise<Found>): Promise<Found[]> {
  const found: Found[] = [];
  for (let at = 0; at < items.length; at += TOGETHER) {
    found.push(...(await Promise.all(items.slice(at, at + TOGETHER).map(work))));
  }
  return found;
}
