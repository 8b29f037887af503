import { Failure } from '@chartkey/vocabulary';
import { VerifiedVersion } from '../vault/index.ts';
import type { Claims } from './claims.ts';
import type { CustodianGateways } from './custodian-gateways.ts';
import type { Claim } from './entitlement.ts';
import type { GatewayDevice } from './gateway-device.ts';
import { unwrapDataKey } from './key-wrapping.ts';
import { OwnReading, type OwnReadingParts } from './own-reading.ts';
import type { Reading } from './reading.ts';
import { Readings } from './readings.ts';
import { Recent } from './recent.ts';
import { RemoteReading } from './remote-reading.ts';

/** Records whose custodian is remembered; it never changes. */
const CUSTODIANS = 65_536;

export interface RequesterParts extends OwnReadingParts {
  /** this organisation */
  organisation: string;
  network: string;
  /** this gateway's own device */
  device: GatewayDevice;
  claims: Claims;
  custodians: CustodianGateways;
  now: () => number;
}

/** The asking side: gets a granted access released by its custodian, own or another, and reads it. */
export class Requester {
  private readonly readings: Readings;
  private readonly custodians = new Recent<string, string>(CUSTODIANS);

  constructor(private readonly parts: RequesterParts) {
    this.readings = new Readings(parts.now);
  }

  /**
   * Gets the key of a granted access and checks header and leaves against the anchor in our own ledger.
   * @param options.keep keep it until its session ends, for an access that several requests share
   * @throws Failure CUSTODIAN_UNAVAILABLE {organisation}, the custodian's refusal, SESSION_EXPIRED;
   * INTEGRITY_BROKEN and LEDGER_DISAGREES, each with an alarm
   */
  async open(granted: { access: string; record: string }, options: { keep: boolean }): Promise<Reading> {
    const { access, record } = granted;
    const release = () => this.release(granted);
    const reading = options.keep ? await this.readings.obtain(access, release) : await release();
    if (this.parts.now() > reading.until) throw new Failure('SESSION_EXPIRED');
    if (reading.header.record !== record) throw new Failure('RELEASE_REFUSED', { access });
    return reading;
  }

  /** Forgets every key. */
  close(): void {
    this.readings.close();
  }

  private async release({ access, record }: { access: string; record: string }): Promise<Reading> {
    const { organisation } = this.parts;
    if (this.custodians.get(record) === organisation) return this.releaseHere(access);
    const claim = await this.parts.claims.of(access);
    this.custodians.set(claim.entry.record, claim.custodian);
    return claim.custodian === organisation ? this.releaseHere(access) : this.releaseThere(claim);
  }

  private async releaseHere(access: string): Promise<Reading> {
    const recipientDevice = this.parts.device.device;
    const handed = await this.parts.custodian.releaseHere({ access, recipientDevice });
    return new OwnReading(handed, recipientDevice, this.parts);
  }

  private async releaseThere({ entry, custodian, commitment, until }: Claim): Promise<Reading> {
    const { access, record, version, patient } = entry;
    const { network, device, now } = this.parts;
    const gateway = this.parts.custodians.of(custodian);
    const answer = await gateway.release(access);
    // Wrapped for its reader alone: not ours to open.
    if (!('header' in answer)) throw new Failure('RELEASE_REFUSED', { access });
    const anchor = { record, version, patient, commitment, network };
    try {
      const verified = await VerifiedVersion.verify(
        answer.header,
        Buffer.from(answer.leaves, 'base64'),
        anchor,
      );
      const dataKey = unwrapDataKey(answer.key, device.enc, device.encId, { access, record, version });
      const sealed = answer.sealed === undefined ? undefined : Buffer.from(answer.sealed, 'base64');
      return new RemoteReading({ access, version: verified, dataKey, until, sealed }, gateway, now);
    } catch (error) {
      throw gateway.failureFor(error, access);
    }
  }
}
