import { setTimeout as pause } from 'node:timers/promises';
import {
  type ApprovedDevice,
  checkGatewaySigned,
  checkWitnesses,
  provenOpening,
  readLateEntry,
  readStatement,
  readWitnessed,
  type SignatureChecks,
  type Signers,
} from '@chartkey/rules';
import { Failure, type Genesis, instantAt, type LateEntry, type LateRequest } from '@chartkey/vocabulary';
import type { Content } from '../gateway.ts';
import { type GatewayDevice, signedBy } from '../release/gateway-device.ts';
import type { Anchor, Vault } from '../vault/index.ts';
import type { Notes, Numbered } from './notes.ts';
import type { Requests } from './request.ts';

/** Milliseconds in which a ledger that is there takes an opening, also while it replaces a dead leader. */
const PRESENCE = 5_000;
/** What the ledger's absence looks like to who asks it. */
const absences = new Set(['LEDGER_UNAVAILABLE', 'OUTCOME_UNKNOWN']);

export interface LocalRelease {
  /** the openBreakGlass and secondBreakGlass statements */
  opening: string;
  second: string;
  /** by the device that reads: see `LateRequest` */
  request: string;
}

export interface LocalReleasesParts {
  network: string;
  genesis: Genesis;
  organisation: string;
  device: GatewayDevice;
  checks: SignatureChecks;
  requests: Requests;
  /** practitioners' keys as they were proven while the ledger was there */
  signersAt(time: number): Signers;
  isRevoked(issuer: string, target: string): boolean;
  /** a version of a record kept here, as the own blocks told it */
  anchorOf(
    record: string,
    version: number | undefined,
  ): Promise<(Anchor & { custodian: string }) | undefined>;
  vault: Pick<Vault, 'openVersion' | 'content'>;
  /** hands a statement to the ledger */
  submit(statement: string): Promise<unknown>;
  /** the witness's member id; undefined when nothing is released without the ledger */
  witness: string | undefined;
  /** hands an entry to the witness; answers its word and who signed that */
  handOver(entry: string): Promise<string>;
  approved(device: string): Promise<ApprovedDevice>;
  notes: Notes;
  /** the last number that the ledger showed; undefined before it was asked */
  anchored(): number | undefined;
  /** entries that are not anchored yet, at most */
  most: number;
  now: () => number;
}

/**
 * The one release that no ledger entry precedes: a record of this organisation's own vault, in an emergency,
 * while the ledger cannot be reached, after a witness outside has signed for the numbered entry.
 */
export class LocalReleases {
  private turn: Promise<unknown> = Promise.resolve();

  constructor(private readonly parts: LocalReleasesParts) {}

  /**
   * @throws Failure LOCAL_RELEASE_OFF, LEDGER_REACHABLE, WITNESS_UNAVAILABLE, BREAK_GLASS_LIMIT,
   * REQUEST_PROOF_INVALID, SECOND_KEY_REQUIRED, RECORD_UNKNOWN, NOT_CUSTODIAN, what `provenOpening` throws, and
   * what the ledger says of the opening, should it answer
   */
  async release(asked: LocalRelease): Promise<Content & { number: number }> {
    const { witness, requests, vault, now } = this.parts;
    if (witness === undefined) throw new Failure('LOCAL_RELEASE_OFF');
    const { device, request } = await requests.check(asked.request);
    const opened = readStatement(asked.opening, 'openBreakGlass');
    if (opened.id !== request.opening) throw new Failure('REQUEST_PROOF_INVALID');
    const { patient, iat } = opened.payload;
    if (now() < iat * 1000 - 60_000) throw new Failure('STATEMENT_FROM_THE_FUTURE');
    await this.requireAbsence(asked.opening);
    await this.proveOpening(asked, patient, device.device);
    const anchor = await this.ownAnchor(request, patient);
    // Opened before it is noted: what cannot be shown is no release.
    const version = await vault.openVersion(anchor);
    const { number, id } = await this.inTurn(() => this.note(asked, anchor)).catch((error: unknown) => {
      version.dataKey.fill(0);
      throw error;
    });
    const { header } = version.version;
    return {
      number,
      access: id,
      version: anchor.version,
      mediaType: header.mediaType,
      length: header.length,
      digest: Buffer.from(header.sha256, 'base64url').toString('base64'),
      body: vault.content(version),
    };
  }

  /** Hands on what the witness has not signed for yet, in order. @throws Failure WITNESS_UNAVAILABLE */
  async handOn(): Promise<void> {
    const { notes, organisation } = this.parts;
    for (const note of notes.open(organisation)) {
      if (note.witnessed === undefined) await this.witnessed(note);
    }
  }

  /** Does it as the ledger would: only what that cannot answer, or not commit in time, is released here. */
  private async requireAbsence(opening: string): Promise<void> {
    const answered = new AbortController();
    const silence = pause(PRESENCE, 'silent', { signal: answered.signal });
    try {
      if ((await Promise.race([this.parts.submit(opening), silence])) === 'silent') return;
    } catch (error) {
      if (error instanceof Failure && absences.has(error.code)) return;
      throw error;
    } finally {
      answered.abort();
    }
    throw new Failure('LEDGER_REACHABLE');
  }

  /** What a patient locked cannot be known now, so it always takes two. */
  private async proveOpening({ opening, second }: LocalRelease, patient: string, device: string) {
    const { organisation, genesis, signersAt, isRevoked, now } = this.parts;
    const time = now();
    const use = { patient, organisation, genesis, time };
    const proven = await provenOpening({ opening, second }, use, signersAt(time));
    if (proven.second === undefined) throw new Failure('SECOND_KEY_REQUIRED');
    if (proven.device !== device) throw new Failure('BREAK_GLASS_REQUIRED');
    if ([proven.key, proven.second].some((key) => isRevoked(organisation, key))) {
      throw new Failure('PRACTITIONER_REVOKED');
    }
  }

  private async ownAnchor({ record, version }: LateRequest, patient: string): Promise<Anchor> {
    const anchor = await this.parts.anchorOf(record, version);
    if (!anchor) throw new Failure('RECORD_UNKNOWN');
    const { custodian } = anchor;
    if (custodian !== this.parts.organisation) throw new Failure('NOT_CUSTODIAN', { custodian });
    if (anchor.patient !== patient) throw new Failure('BREAK_GLASS_REQUIRED');
    return anchor;
  }

  private async note({ opening, second }: LocalRelease, { record, version, patient }: Anchor) {
    const { network, organisation, device, notes, anchored, most, now } = this.parts;
    const known = anchored();
    // Without ever having seen the ledger's last number, one could be used twice.
    if (known === undefined) throw new Failure('LEDGER_UNAVAILABLE');
    if (notes.open(organisation).length >= most) throw new Failure('BREAK_GLASS_LIMIT', { of: 'outage' });
    await this.handOn();
    const number = Math.max(notes.last(organisation), known) + 1;
    const time = instantAt(now());
    const about = { network, organisation, number, time, record, version, patient };
    const claims: LateEntry = { ...about, opening, second };
    const entry = signedBy(device, 'chartkey-late-entry+jwt', claims);
    await notes.put(organisation, number, { entry, done: false });
    await this.witnessed({ number, entry, done: false });
    return { number, id: readLateEntry(entry).id };
  }

  /** @throws Failure WITNESS_UNAVAILABLE */
  private async witnessed({ number, entry }: Numbered): Promise<void> {
    const { organisation, notes, handOver, approved, checks, network, genesis, witness } = this.parts;
    let witnessed: string;
    try {
      witnessed = await handOver(entry);
      const word = readWitnessed(witnessed);
      checkWitnesses(word, readLateEntry(entry), { network, genesis });
      checkGatewaySigned(word, await approved(word.kid), witness ?? '', checks);
    } catch {
      throw new Failure('WITNESS_UNAVAILABLE');
    }
    await notes.put(organisation, number, { entry, witnessed, done: false });
  }

  private inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const result = this.turn.then(work);
    this.turn = result.catch(() => undefined);
    return result;
  }
}
