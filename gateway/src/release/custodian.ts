import type { ApprovedDevice } from '@chartkey/rules';
import {
  canonicalJson,
  Failure,
  millisecondsOf,
  type ReleaseAnswer,
  type SealedRelease,
} from '@chartkey/vocabulary';
import { NotInVault, type OpenedVersion, Tampered, type Vault } from '../vault/index.ts';
import { alarmed, Disagreement, type RaiseAlarm } from './alarm.ts';
import type { Commits } from './commits.ts';
import type { Devices } from './devices.ts';
import type { Claim, Entitlement } from './entitlement.ts';
import { type Handed, openedFor, sealedFor } from './handed.ts';
import type { Places } from './places.ts';
import type { ReleasedLog } from './released-log.ts';

/** Milliseconds between an entry's time and this gateway's clock, both ways, within which its key is released. */
const MOST_AGE = 30_000;

export interface CustodianParts {
  /** this organisation */
  organisation: string;
  devices: Devices;
  commits: Commits;
  entitlement: Entitlement;
  vault: Pick<Vault, 'openVersion' | 'smallSealed'>;
  log: ReleasedLog;
  /**
   * where releases are verified, opened and logged, so many at a time: the others wait in turns, so that nothing
   * else waits long (docs/adr/0026-a-crowd-waits-where-turns-are-taken.md)
   */
  places: Places;
  alarm: RaiseAlarm;
  /** milliseconds since 1970 */
  now: () => number;
}

export interface Asked {
  access: string;
  /** thumbprint of the device that proved itself and gets the key */
  recipientDevice: string;
}

/** Hands keys over: the one place where a data key leaves the vault. */
export class Custodian {
  constructor(private readonly parts: CustodianParts) {}

  /**
   * Releases the key of an access to another organisation, once for each recipient. What is read end to end is
   * wrapped for its reader alone, so it may be handed over again while the access is young.
   * @throws Failure BUSY, ACCESS_UNKNOWN, ACCESS_TOO_OLD, ALREADY_RELEASED, RELEASE_REFUSED, NOT_CUSTODIAN,
   * SESSION_EXPIRED, the code of a denial; LEDGER_DISAGREES and INTEGRITY_BROKEN, each with an alarm
   */
  async releaseTo(request: Asked): Promise<ReleaseAnswer> {
    const recipient = await this.parts.devices.approved(request.recipientDevice);
    const handed = await this.release(request, recipient, recipient.organisation);
    return handed.reader ? sealedFor(handed, handed.reader) : openedFor(handed, recipient.enc);
  }

  /** The same for a reader at this gateway that reads end to end: the key is wrapped for that reader alone. */
  async releaseToReader(request: Asked): Promise<SealedRelease> {
    const recipient = await this.parts.devices.approved(request.recipientDevice);
    const handed = await this.release(request, recipient, undefined);
    if (!handed.reader) throw new Failure('RELEASE_REFUSED');
    return sealedFor(handed, handed.reader);
  }

  /** The same for a record that this organisation's own gateway reads: every check, without the wrapping. */
  async releaseHere(request: Asked): Promise<Handed> {
    const recipient = await this.parts.devices.approved(request.recipientDevice);
    const handed = await this.release(request, recipient, undefined);
    if (!handed.reader) return handed;
    handed.opened.dataKey.fill(0);
    throw new Failure('RELEASE_REFUSED');
  }

  /**
   * The same check again, for sealed bytes of an access that was released to this recipient.
   * @throws Failure RELEASE_REFUSED when it was not; SESSION_EXPIRED; else as `releaseTo`
   */
  async releasedTo({ access, recipientDevice }: Asked): Promise<Handed> {
    const until = this.parts.log.untilOf(access, recipientDevice);
    if (until === undefined) throw new Failure('RELEASE_REFUSED', { access });
    if (this.parts.now() > until) throw new Failure('SESSION_EXPIRED');
    const recipient = await this.parts.devices.approved(recipientDevice);
    return this.watched(access, async () => {
      const claim = await this.claimOf(access, recipient);
      const reader = await this.parts.entitlement.verify(claim);
      const opened = await this.open(claim);
      return { claim: { ...claim, until: Math.min(until, claim.until) }, opened, reader };
    });
  }

  private async release(
    { access, recipientDevice }: Asked,
    recipient: ApprovedDevice,
    asker: string | undefined,
  ): Promise<Handed> {
    const { commits, log, vault } = this.parts;
    const block = await commits.of(access.slice(0, access.indexOf(':')), asker);
    const claim = await this.watched(access, () => this.claimOf(access, recipient, commits.followed(block)));
    const { entry } = claim;
    const lane = asker ?? entry.device ?? entry.person ?? '';
    return this.parts.places.take(lane, async () => {
      const handed = await this.watched(access, async () => {
        const reader = await this.parts.entitlement.verify(claim);
        this.checkAge(claim);
        if (!reader && log.untilOf(access, recipientDevice) !== undefined) {
          throw new Failure('ALREADY_RELEASED', { access });
        }
        const opened = await this.open(claim);
        const sealed = asker === undefined || reader ? undefined : await vault.smallSealed(opened);
        return { claim, reader, opened, sealed };
      });
      const { reader } = handed;
      await log.append({ access, recipient: recipientDevice, until: claim.until }, reader !== undefined);
      return handed;
    });
  }

  /** @param followed the revocations that verifying it needs; state is asked meanwhile */
  private async claimOf(access: string, recipient: ApprovedDevice, followed?: Promise<void>): Promise<Claim> {
    const [claim] = await Promise.all([this.parts.entitlement.claim(access, recipient), followed]);
    if (claim.custodian !== this.parts.organisation) throw await this.notOurs(claim);
    return claim;
  }

  /** A held back or early endorsed access is spent, and so is one that waited too long; one from the future is not believed. */
  private checkAge({ entry, until }: Claim): void {
    const now = this.parts.now();
    if (now > until) throw new Failure('SESSION_EXPIRED');
    const age = now - millisecondsOf(entry.time);
    if (age > MOST_AGE) throw new Failure('ACCESS_TOO_OLD');
    if (age < -MOST_AGE) throw new Failure('RELEASE_REFUSED');
  }

  /** State names another custodian. If the version lies here after all, state was altered. */
  private async notOurs(claim: Claim): Promise<Error> {
    const { custodian } = claim;
    try {
      (await this.parts.vault.openVersion(anchorIn(claim))).dataKey.fill(0);
    } catch (error) {
      return error instanceof NotInVault ? new Failure('NOT_CUSTODIAN', { custodian }) : (error as Error);
    }
    return new Disagreement('state names another custodian for a version that lies here');
  }

  /** The vault compares its own root and header with what the ledger says of the version. */
  private async open(claim: Claim): Promise<OpenedVersion> {
    const opened = await this.parts.vault.openVersion(anchorIn(claim));
    const { custodian, labels } = opened.version.header;
    if (custodian !== this.parts.organisation) throw new Tampered('custodian');
    // Grants and denials are decided by labels: state's must be the ones that were committed to.
    if (canonicalJson(labels) !== canonicalJson(claim.labels)) throw new Tampered('labels');
    return opened;
  }

  /** Turns what does not fit into an alarm and the failure that says nothing more. */
  private async watched<Result>(access: string, check: () => Promise<Result>): Promise<Result> {
    try {
      return await check();
    } catch (error) {
      const { alarm } = this.parts;
      if (error instanceof Disagreement) {
        throw alarmed(alarm, { code: 'LEDGER_DISAGREES', what: error.message, about: { access } });
      }
      if (error instanceof Tampered || error instanceof NotInVault) {
        throw alarmed(alarm, { code: 'INTEGRITY_BROKEN', what: error.message, about: { access } });
      }
      throw error;
    }
  }
}

function anchorIn({ entry, commitment }: Claim) {
  return { record: entry.record, version: entry.version, patient: entry.patient, commitment };
}
