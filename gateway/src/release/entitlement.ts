import type { ApprovedDevice } from '@chartkey/rules';
import {
  type AccessEntry,
  Failure,
  isFailureCode,
  millisecondsOf,
  type P256Key,
  Releasable,
  SESSION_SECONDS,
} from '@chartkey/vocabulary';
import { Disagreement } from './alarm.ts';
import type { Basis } from './basis.ts';
import { Releasables } from './releasables.ts';
import type { Queries } from './statements.ts';

/** An entry of a read: it names a record's version. */
export type ReadEntry = AccessEntry & { record: string; version: number };

/** What the ledger says of an access whose asker may have its key. */
export interface Claim extends Omit<Releasable, 'entry' | 'now' | 'sessionUntil'> {
  entry: ReadEntry;
  /** milliseconds; nothing flows after it */
  until: number;
}

export interface EntitlementParts {
  ledger: Queries;
  basis: Basis;
  /** milliseconds since 1970 */
  now: () => number;
}

/** Is this device entitled to the key of this access, now? The same check for a key and for sealed bytes. */
export class Entitlement {
  private readonly releasables: Releasables;

  constructor(private readonly parts: EntitlementParts) {
    this.releasables = new Releasables(parts.ledger);
  }

  /**
   * What the ledger's state says of the access, if it lets this recipient have it. One query, one snapshot.
   * @throws Failure ACCESS_UNKNOWN, RELEASE_REFUSED, SESSION_EXPIRED, the code of a denial
   * @throws Disagreement when the answer contradicts itself
   */
  async claim(access: string, recipient: ApprovedDevice): Promise<Claim> {
    const answer = Releasable.safeParse(await this.releasables.of(access, recipient.device));
    if (!answer.success) throw new Disagreement('an access is not stored as one');
    const { entry, now, sessionUntil, ...facts } = answer.data;
    if (entry.access !== access) throw new Disagreement('an access is stored under another id than its own');
    // Refused before anything is said about the access: it is none of a stranger's business.
    if (!mayReceive(recipient, entry)) throw new Failure('RELEASE_REFUSED');
    if (entry.decision !== 'granted') throw refusal(entry.code);
    if (!isRead(entry)) throw new Failure('RELEASE_REFUSED');
    if (now.is === 'denied') throw refusal(now.code);
    // A session lives 300 s at most, whatever state says of it.
    const until = Math.min(millisecondsOf(sessionUntil), millisecondsOf(entry.time) + SESSION_SECONDS * 1000);
    if (this.parts.now() > until) throw new Failure('SESSION_EXPIRED');
    return { entry, ...facts, until };
  }

  /**
   * Verifies a claim from statements alone.
   * @returns the reader's own key, where the release is for it alone
   * @throws Disagreement when they do not bear it out
   * @throws Failure DEVICE_EXPIRED, DEVICE_REVOKED, NO_GRANT … when that came after the access
   */
  async verify(claim: Claim): Promise<P256Key | undefined> {
    const { device, reader } = await this.parts.basis.verify(claim);
    if (device?.validUntil !== undefined && this.parts.now() > device.validUntil) {
      throw new Failure('DEVICE_EXPIRED');
    }
    return reader;
  }
}

/** The key goes to the entry's device, or to its organisation's gateway on its behalf; to nobody else. */
function mayReceive({ device, organisation, use }: ApprovedDevice, entry: AccessEntry): boolean {
  if (organisation !== entry.organisation) return false;
  return device === entry.device || use === 'gateway';
}

function isRead(entry: AccessEntry): entry is ReadEntry {
  return entry.record !== undefined && entry.version !== undefined;
}

function refusal(code: string | undefined): Failure {
  return new Failure(code !== undefined && isFailureCode(code) ? code : 'RELEASE_REFUSED');
}
