import * as z from 'zod';
import {
  AccessId,
  Base32Id,
  Instant,
  OrganisationId,
  SessionId,
  Sha256Text,
  StatementId,
  Thumbprint,
  VersionNumber,
} from './ids.ts';
import { Basis, Purpose, Role } from './words.ts';

/** One access as the ledger tells it: who asked for what, when, and what came of it. */
export const AccessEntry = z.object({
  access: AccessId,
  kind: z.enum(['read', 'list']),
  time: Instant,
  record: Base32Id.optional(),
  version: VersionNumber.optional(),
  patient: Thumbprint,
  session: SessionId,
  /** whose gateway asked */
  organisation: OrganisationId,
  device: Thumbprint.optional(),
  practitioner: Base32Id.optional(),
  role: Role.optional(),
  /** the patient or delegate who reads */
  person: Thumbprint.optional(),
  purpose: Purpose,
  decision: z.enum(['granted', 'denied']),
  /** noted afterwards: released in an emergency while the ledger was away */
  late: z.literal(true).optional(),
  code: z.string().optional(),
  basis: Basis.optional(),
  grant: StatementId.optional(),
  /** what else decided: the denial, rule, freeze, delegation, opening or request */
  ground: Sha256Text.optional(),
  /** thumbprint of the reader's key that alone gets the release */
  recipient: Thumbprint.optional(),
});
export type AccessEntry = z.infer<typeof AccessEntry>;

/** An entry as it is kept: what all entries of its transaction share is said once. */
const KeptEntry = z.object({
  item: z.number(),
  /** position in `askers` */
  asker: z.number(),
  record: Base32Id.optional(),
  version: VersionNumber.optional(),
  patient: Thumbprint,
  purpose: Purpose,
  basis: Basis.optional(),
  grant: StatementId.optional(),
  ground: Sha256Text.optional(),
  recipient: Thumbprint.optional(),
  code: z.string().optional(),
});
export type KeptEntry = z.infer<typeof KeptEntry>;

/**
 * An entry as it is written: only what the one before it does not say already, since blocks keep entries for
 * ever. null takes a member away; without `item` it is the next one.
 */
const WrittenEntry = z.record(z.string(), z.union([z.string(), z.number(), z.null()]));
type WrittenEntry = z.infer<typeof WrittenEntry>;

/** The entries of one transaction as they stand on the ledger: who asked is said once per session. */
export const AccessesState = z.object({
  time: Instant,
  late: z.literal(true).optional(),
  askers: z.array(
    z.object({
      session: SessionId,
      /** the session's end: nothing flows after it */
      until: Instant,
      organisation: OrganisationId,
      device: Thumbprint.optional(),
      practitioner: Base32Id.optional(),
      role: Role.optional(),
      person: Thumbprint.optional(),
    }),
  ),
  entries: z.array(WrittenEntry),
});
export type AccessesState = z.infer<typeof AccessesState>;

/** Entries in the form in which they are written. */
export function writtenEntries(entries: readonly KeptEntry[]): WrittenEntry[] {
  let before: WrittenEntry = {};
  let next: number | undefined;
  return entries.map(({ item, ...entry }) => {
    const said: WrittenEntry = {};
    for (const [name, value] of Object.entries(entry)) if (value !== undefined) said[name] = value;
    const written: WrittenEntry = item === next ? {} : { item };
    for (const [name, value] of Object.entries(said)) if (value !== before[name]) written[name] = value;
    for (const name of Object.keys(before)) if (!(name in said)) written[name] = null;
    [before, next] = [said, item + 1];
    return written;
  });
}

/** What was unfolded before: entries of one transaction are often asked for one by one. */
const unfoldedBefore = new WeakMap<readonly WrittenEntry[], WrittenEntry[]>();

/** What each written entry says together with those before it. */
function unfolded(entries: readonly WrittenEntry[]): WrittenEntry[] {
  const known = unfoldedBefore.get(entries);
  if (known) return known;
  let before: WrittenEntry = { item: -1 };
  const all = entries.map((written) => {
    const said: WrittenEntry = { ...before, item: Number(before['item']) + 1, ...written };
    for (const name of Object.keys(written)) if (said[name] === null) delete said[name];
    before = said;
    return said;
  });
  unfoldedBefore.set(entries, all);
  return all;
}

/** The entries of a transaction's value, each whole. @throws ZodError when one is none */
export function entriesOf(transaction: string, state: AccessesState): AccessEntry[] {
  return unfolded(state.entries).flatMap((said) => wholeEntry(transaction, state, said) ?? []);
}

/** One entry of a transaction's value, whole; undefined when it has none of that number. @throws ZodError */
export function entryOf(transaction: string, state: AccessesState, item: number): AccessEntry | undefined {
  const said = unfolded(state.entries).find((one) => one['item'] === item);
  return said && wholeEntry(transaction, state, said);
}

function wholeEntry(transaction: string, state: AccessesState, said: WrittenEntry): AccessEntry | undefined {
  const { item, asker, ...entry } = KeptEntry.parse(said);
  const found = state.askers[asker];
  if (!found) return undefined;
  const { until: _until, ...who } = found;
  return {
    access: `${transaction}:${item}`,
    kind: entry.record === undefined ? ('list' as const) : ('read' as const),
    time: state.time,
    decision: entry.code === undefined ? ('granted' as const) : ('denied' as const),
    ...(state.late && { late: state.late }),
    ...who,
    ...entry,
  };
}
