import { setTimeout as pause } from 'node:timers/promises';
import { nodeSignatureChecks as checks } from '@chartkey/rules/node';
import {
  Device,
  Failure,
  type Genesis,
  isCareMember,
  PractitionerKey,
  queries,
  transactions,
} from '@chartkey/vocabulary';
import type { Logger } from 'pino';
import * as z from 'zod';
import type { Content } from '../gateway.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { GatewayDevice, ReleaseRoom } from '../release/index.ts';
import { openFileStore, type Vault } from '../vault/index.ts';
import { type LocalRelease, LocalReleases, type LocalReleasesParts } from './local-releases.ts';
import { compare } from './missing.ts';
import { Notes } from './notes.ts';
import { Requests } from './request.ts';
import { Witness } from './witness.ts';

/** Milliseconds between two looks at what is to be anchored or missed, and at whom one has to know. */
const LOOK = 1_000;
const ACQUAINTANCE = 60_000;
const WITNESS_MILLISECONDS = 10_000;
const MOST_ANSWER_BYTES = 65_536;
const Word = z.object({ witnessed: z.string() });

export interface AwayParts {
  network: string;
  genesis: Genesis;
  organisation: string;
  device: GatewayDevice;
  ledger: Pick<Ledger, 'evaluate' | 'submit'>;
  releases: ReleaseRoom;
  vault: Vault;
  anchorOf: LocalReleasesParts['anchorOf'];
  submit: LocalReleasesParts['submit'];
  isRevoked: LocalReleasesParts['isRevoked'];
  witness: string | undefined;
  most: number;
  /** folders of our own entries, and of those we bear witness to */
  folders: { own: string; witnessed: string };
  log: Logger;
}

/** What happens while the ledger is away, and what is made up for when it is back. */
export class Away {
  private last: number | undefined;
  private acquainted = Number.NEGATIVE_INFINITY;
  /** what an operator was told of last, by what it is about */
  private readonly told = new Map<string, string>();
  private readonly stopping = new AbortController();
  private looking: Promise<void> = Promise.resolve();

  private constructor(
    private readonly parts: AwayParts,
    private readonly own: Notes,
    private readonly others: Notes,
    private readonly local: LocalReleases,
    private readonly witness: Witness,
  ) {}

  static async open(parts: AwayParts): Promise<Away> {
    const { releases, organisation, network } = parts;
    const { devices, proven, outgoing } = releases;
    const own = await Notes.open(await openFileStore(parts.folders.own));
    const others = await Notes.open(await openFileStore(parts.folders.witnessed));
    const now = Date.now;
    const local = new LocalReleases({
      ...parts,
      ...{ checks, notes: own, now },
      requests: new Requests({ network, organisation, devices, checks, now }),
      signersAt: (time) => proven.standings.signersAt(time),
      approved: (device) => devices.approved(device),
      anchored: () => away.last,
      handOver: async (entry) => {
        const headers = { 'Content-Type': 'application/jose', Accept: 'application/json' };
        const to = {
          organisation: parts.witness ?? '',
          method: 'POST',
          path: '/v1/emergency-entries',
        } as const;
        const call = { ...to, headers, body: entry, milliseconds: WITNESS_MILLISECONDS };
        const { status, body } = await outgoing.answer(call, MOST_ANSWER_BYTES);
        if (status !== 201) throw new Failure('WITNESS_UNAVAILABLE');
        return Word.parse(JSON.parse(body.toString())).witnessed;
      },
    });
    const witness = new Witness({ ...parts, devices, checks, notes: others, now });
    const away: Away = new Away(parts, own, others, local, witness);
    return away;
  }

  release(asked: LocalRelease): Promise<Content & { number: number }> {
    return this.local.release(asked);
  }

  bearWitness(entry: string): Promise<string> {
    return this.witness.bear(entry);
  }

  /** Begins to look after what is open; to be called once the ledger was met. */
  start(): void {
    this.looking = this.look();
  }

  async close(): Promise<void> {
    this.stopping.abort();
    await this.looking;
  }

  private async look(): Promise<void> {
    const { signal } = this.stopping;
    while (!signal.aborted) {
      await this.quietly('acquaintance', () => this.meet());
      await this.quietly('anchoring', () => this.anchor());
      for (const organisation of this.others.organisations()) {
        await this.quietly('witness', () => compare(this.others, organisation, this.parts.ledger));
      }
      await pause(LOOK, undefined, { signal }).catch(() => undefined);
    }
  }

  /** While the ledger is away there is nothing to be done; all else an operator has to know. */
  private async quietly(what: string, work: () => Promise<void>): Promise<void> {
    try {
      await work();
      this.told.delete(what);
    } catch (error) {
      const code = error instanceof Failure ? error.code : 'BROKEN';
      const isExpected = ['LEDGER_UNAVAILABLE', 'OUTCOME_UNKNOWN', 'LEDGER_CONFLICT', 'BUSY'].includes(code);
      if (isExpected || this.told.get(what) === code) return;
      this.told.set(what, code);
      this.parts.log.error({ alarm: code, what }, 'alarm');
    }
  }

  /** Proves, while the ledger is there, whom one has to know when it is not: they are remembered then. */
  private async meet(): Promise<void> {
    if (performance.now() - this.acquainted < ACQUAINTANCE) return;
    const { ledger, genesis, organisation: own, releases, witness } = this.parts;
    const { last } = z.object({ last: z.int() }).parse(await ledger.evaluate(queries.lateCount, own));
    for (const { id } of genesis.organisations.filter(({ kind }) => isCareMember(kind))) {
      const devices = Device.array().parse(await ledger.evaluate(queries.devices, id));
      for (const { device, use, status } of devices) {
        const isKnown = use === 'gateway' || (id === own && witness !== undefined);
        if (status === 'approved' && isKnown) await releases.devices.approved(device).catch(unfit);
      }
    }
    if (witness !== undefined) {
      const keys = PractitionerKey.array().parse(await ledger.evaluate(queries.practitioners, own));
      const signers = releases.proven.standings.signersAt(Date.now());
      for (const { key, status } of keys) if (status === 'registered') await signers.practitioner(key);
    }
    this.last = last;
    this.acquainted = performance.now();
  }

  /** First thing when the ledger is back: what was released without it, in order. */
  private async anchor(): Promise<void> {
    const { organisation, ledger } = this.parts;
    if (this.own.open(organisation).length === 0) return;
    await this.local.handOn();
    for (const { number, entry, witnessed = '' } of this.own.open(organisation)) {
      await ledger.submit(transactions.anchorLateEntry, { entry, witnessed });
      await this.own.put(organisation, number, { entry, witnessed, done: true });
      this.last = Math.max(this.last ?? 0, number);
    }
  }
}

/** A device that is revoked or past its time need not be known. */
function unfit(error: unknown): void {
  const codes = ['DEVICE_REVOKED', 'DEVICE_EXPIRED', 'DEVICE_UNKNOWN'];
  if (!(error instanceof Failure && codes.includes(error.code))) throw error;
}
