import { join } from 'node:path';
import { isStandingAct } from '@chartkey/rules';
import { type Act, digest, MasterKeyState, parseCompactJws, StoredStatement } from '@chartkey/vocabulary';
import * as z from 'zod';
import { BlockBroken } from '../ledger/chain.ts';
import type { LedgerWrite } from '../ledger/ledger.ts';
import { type ArrivedBlock, freshBlocks, type Sink } from '../projection/sink.ts';
import { AppendedLines, markOf, readIfThere, replaceFile } from './revocation-file.ts';

/** Begins the first line; no issuer looks like it. */
const FORMAT = 'chartkey-revocations/2';
const FORMATS = 'chartkey-revocations/';

/** Blocks after which the checkpoint moves although nothing was revoked. */
const CHECKPOINT_BLOCKS = 500;

/** Begins a line about a statement that a chain must hold: a patient's, a device's renewals, master keys. */
const RESTRICTS = 'restricts';

/** What a statement says, whatever else later versions of it may say. */
const Said = z.looseObject({ act: z.string(), iss: z.string(), patient: z.string().optional() });
const Target = z.string().min(1);

const Checkpoint = z.strictObject({ next: z.int().min(0), lines: z.int().min(0), crc: z.int().min(0) });

/**
 * The custodian's own memory of every revocation since genesis, filled from valid blocks and never shrunk:
 * whatever state a peer shows later, what stands here is released no more (ledger.md, release). It lives in
 * two files of its own: a line per revocation, each on the disk before the checkpoint beside it moves, and
 * the checkpoint, which says which lines it counts on. A missing or damaged file means filling again from
 * block 0, on top of every line that is still sound.
 */
export class Revocations implements Sink {
  readonly name = 'revocations';
  readonly #known: Set<string>;
  /** by whom it is about: statements and their places, in the ledger's order */
  readonly #restrictions = new Map<string, { id: string; place: number }[]>();
  #next: number;
  #saved: number;

  private constructor(
    private readonly checkpoint: string,
    private readonly lines: AppendedLines,
    texts: string[],
    isNew: boolean,
  ) {
    this.#known = new Set(texts);
    this.note(texts);
    this.#next = isNew ? 0 : nextBlock(checkpoint, texts);
    this.#saved = this.#next;
  }

  /**
   * Opens the set in a folder of its own.
   * @param network the network's id; stands in the first line
   * @throws Error when the folder holds another network's set, or cannot be written
   */
  static open({ folder, network }: { folder: string; network: string }): Revocations {
    const { lines, texts } = AppendedLines.open(join(folder, 'revocations'));
    const own = `${FORMAT} ${network}`;
    const other = texts.find((text) => text.startsWith(FORMATS) && !text.endsWith(` ${network}`));
    if (other !== undefined) {
      lines.close();
      throw new Error(`the revocations in ${folder} are of another network: use its own data folder`);
    }
    // Another version told less: all is read again.
    const isNew = !texts.includes(own);
    if (isNew) {
      lines.append([own]);
      texts.push(own);
    }
    return new Revocations(join(folder, 'checkpoint'), lines, texts, isNew);
  }

  next(): number {
    return this.#next;
  }

  /**
   * Has this issuer revoked this? A stranger's revocation says nothing.
   * @param issuer the patient of a grant, the organisation of a device
   * @param target a grant's id or a device's thumbprint
   */
  has(issuer: string, target: string): boolean {
    return this.#known.has(`${issuer} ${target}`);
  }

  /**
   * Ids of the statements that shaped what stands about a patient since its enrolment, in the ledger's order; so
   * of a device's renewals. An organisation's master keys' in any order.
   */
  restrictionsOf(about: string): readonly string[] {
    return (this.#restrictions.get(about) ?? []).map(({ id }) => id);
  }

  /** How many revocations are known. */
  get size(): number {
    return this.#known.size - 1;
  }

  async take(blocks: readonly ArrivedBlock[]): Promise<void> {
    const fresh = freshBlocks(blocks, this.#next);
    const found = new Set(fresh.flatMap(revocationsIn));
    const added = [...found].filter((text) => !this.#known.has(text));
    if (added.length > 0) this.lines.append(added);
    for (const text of added) this.#known.add(text);
    this.note(added);
    this.#next += fresh.length;
    if (added.length > 0 || this.#next - this.#saved >= CHECKPOINT_BLOCKS) this.save();
  }

  close(): void {
    if (this.#next > this.#saved) this.save();
    this.lines.close();
  }

  private note(texts: readonly string[]): void {
    for (const text of texts) {
      const [word, about = '', id = '', place] = text.split(' ');
      if (word !== RESTRICTS || place === undefined) continue;
      const stood = this.#restrictions.get(about) ?? [];
      const one = { id, place: Number(place) };
      // A line that was lost comes last when it is read again.
      const isLast = one.place >= (stood.at(-1)?.place ?? 0);
      if (isLast) stood.push(one);
      else
        stood.splice(
          stood.findIndex((other) => other.place > one.place),
          0,
          one,
        );
      this.#restrictions.set(about, stood);
    }
  }

  private save(): void {
    replaceFile(this.checkpoint, JSON.stringify({ next: this.#next, ...this.lines.mark }));
    this.#saved = this.#next;
  }
}

/** The checkpoint holds only while every line it counted on is there; else everything is read again. */
function nextBlock(path: string, texts: readonly string[]): number {
  try {
    const { next, lines, crc } = Checkpoint.parse(JSON.parse(readIfThere(path)));
    const there = markOf(texts.slice(0, lines));
    return there.lines === lines && there.crc === crc ? next : 0;
  } catch {
    return 0;
  }
}

/** @throws BlockBroken when a statement cannot be read: it might be a revocation */
function revocationsIn(block: ArrivedBlock): string[] {
  const writes = block.transactions.flatMap(({ valid, writes }) => (valid ? writes : []));
  return writes.flatMap((write) => {
    if (write.value === undefined) return [];
    try {
      if (write.objectType === 'master-key') return successionsIn(write);
      return write.objectType === 'statement' ? revocationIn(write, block.number) : [];
    } catch (error) {
      throw new BlockBroken(block.number, 'a statement in it cannot be read', error);
    }
  });
}

/** What a new master key rests on: none of it may be missing when its organisation's keys are told later. */
function successionsIn({ attributes, value }: LedgerWrite): string[] {
  const [organisation = ''] = attributes;
  const { successions } = MasterKeyState.parse(value);
  return successions.map(({ statement }) => `${RESTRICTS} ${organisation} ${statement} 0`);
}

/** Of what stands about one patient, or one device, a block holds one change at most. */
function revocationIn({ attributes, value }: LedgerWrite, block: number): string[] {
  const { signingInput, payload } = parseCompactJws(StoredStatement.parse(value).statement);
  const [id = ''] = attributes;
  if (digest(signingInput) !== id) throw new SyntaxError('the statement has another id');
  const said = Said.parse(JSON.parse(payload));
  const about = said.patient ?? said.iss;
  switch (said.act) {
    case 'revokeConsent':
      return [`${about} ${Target.parse(said.grant)}`];
    case 'revokeDevice':
      return [`${said.iss} ${Target.parse(said.device)}`];
    case 'renewDevice':
      return [`${RESTRICTS} ${Target.parse(said.device)} ${id} ${block}`];
    case 'revokePractitioner':
      return [`${said.iss} ${Target.parse(said.key)}`];
    case 'reviewBreakGlass':
      return said.justified === true ? [] : [`review ${Target.parse(said.opening)}`];
    case 'withdrawApproval':
      return [`approval ${Target.parse(said.approval)}`];
    default:
      return isStandingAct(said.act as Act) ? [`${RESTRICTS} ${about} ${id} ${block}`] : [];
  }
}
