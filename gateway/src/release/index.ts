import type { ReadStatement, Trust } from '@chartkey/rules';
import { nodeSignatureChecks as checks } from '@chartkey/rules/node';
import type { EndToEndRead, Genesis, ReleaseAnswer } from '@chartkey/vocabulary';
import type { ByteRange, SealedBytes } from '../gateway.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { Vault } from '../vault/index.ts';
import { alarmed, Disagreement, type RaiseAlarm, unproven } from './alarm.ts';
import { Basis } from './basis.ts';
import { Claims } from './claims.ts';
import { Commits } from './commits.ts';
import { Custodian } from './custodian.ts';
import { CustodianGateways } from './custodian-gateways.ts';
import { Destinations, type Resolve } from './destinations.ts';
import { Devices } from './devices.ts';
import { EndToEnd, type OwnAccess } from './end-to-end.ts';
import { Entitlement } from './entitlement.ts';
import type { GatewayDevice } from './gateway-device.ts';
import { Outgoing } from './outgoing.ts';
import { Places } from './places.ts';
import { Proofs, releasesUrl, sealedUrl } from './proof.ts';
import { Proven } from './proven.ts';
import type { Reading } from './reading.ts';
import { openReleasedLog, type ReleasedLog } from './released-log.ts';
import { Requester } from './requester.ts';
import { Sealed } from './sealed.ts';
import { Statements } from './statements.ts';

export type { Alarm, RaiseAlarm } from './alarm.ts';
export type { Resolve } from './destinations.ts';
export { type GatewayDevice, gatewayDevice, signedBy } from './gateway-device.ts';
export { unwrapLabelKey } from './key-wrapping.ts';
export { makeProof, releasesUrl, sealedUrl } from './proof.ts';
export type { Reading } from './reading.ts';

/** What this room stands on. */
export interface ReleaseRoomParts {
  network: string;
  /** checked against its signatures before */
  genesis: Genesis;
  /** this organisation's id */
  organisation: string;
  /** of the log of released keys, a folder of its own */
  folder: string;
  /** this gateway's own device */
  device: GatewayDevice;
  ledger: Pick<Ledger, 'evaluate' | 'commitOf'>;
  /** says when `revocations` has taken in a block; false when it did not in time */
  follower: { reached(block: number, milliseconds: number): Promise<boolean> };
  /** every revocation since genesis, by who revoked and what */
  revocations: {
    has(issuer: string, target: string): boolean;
    restrictionsOf(patient: string): readonly string[];
  };
  vault: Vault;
  /** releases that are verified, opened and logged at a time */
  atOnce: number;
  alarm: RaiseAlarm;
  /** tells the log why another organisation's gateway could not be used */
  trouble: (organisation: string, error: unknown) => void;
  /** milliseconds since 1970; the system's clock when absent */
  now?: () => number;
  /** DNS when absent */
  resolve?: Resolve;
}

/** Opens the room: reads the log of released keys. */
export async function openReleaseRoom(parts: ReleaseRoomParts): Promise<ReleaseRoom> {
  const log = await openReleasedLog(parts.folder, { now: parts.now ?? Date.now });
  return new ReleaseRoom(parts, log);
}

/** Where keys are handed over: to other organisations as custodian, from them as requester. */
export class ReleaseRoom {
  private readonly custodian: Custodian;
  private readonly proofs: Proofs;
  private readonly sealed: Sealed;
  private readonly requester: Requester;
  private readonly endToEnd: EndToEnd;
  /** what is known of others from statements, and the way to them: also while the ledger is away */
  readonly devices: Devices;
  readonly proven: Proven;
  readonly outgoing: Outgoing;
  /** where granted reads go on to */
  readonly places: Places;
  private readonly url: string;
  private readonly statements: Statements;

  constructor(
    private readonly parts: ReleaseRoomParts,
    private readonly log: ReleasedLog,
  ) {
    const { network, genesis, organisation, ledger, vault, revocations, now = Date.now } = parts;
    const trust: Trust = {
      network,
      genesis,
      checks,
      isRevoked: (issuer, target) => revocations.has(issuer, target),
      restrictionsOf: (patient) => revocations.restrictionsOf(patient),
    };
    this.statements = new Statements(ledger);
    const proven = new Proven(ledger, this.statements, trust);
    this.proven = proven;
    const devices = new Devices({ ...parts, proven, trust, now });
    this.devices = devices;
    const basis = new Basis({ organisation, ledger, proven, trust });
    const entitlement = new Entitlement({ ledger, basis, now });
    this.url = genesis.organisations.find((one) => one.id === organisation)?.url ?? '';
    this.places = new Places(parts.atOnce);
    const { places } = this;
    const commits = new Commits(parts);
    this.custodian = new Custodian({ ...parts, devices, commits, entitlement, places, log, now });
    this.proofs = new Proofs({ devices, checks, now });
    this.sealed = new Sealed({ custodian: this.custodian, vault, now });
    this.outgoing = new Outgoing(new Destinations(genesis, parts.resolve));
    const { custodian, outgoing, sealed } = this;
    const claims = new Claims({ ...parts, devices, entitlement });
    const custodians = new CustodianGateways({ ...parts, outgoing, now });
    this.requester = new Requester({ ...parts, custodian, claims, custodians, now });
    this.endToEnd = new EndToEnd({ ...parts, custodian, claims, custodians, sealed });
  }

  /**
   * The custodian's side: releases the key of an access to the device that made the proof.
   * @param proof the Bearer JWT, addressed to our releases URL
   * @throws Failure RELEASE_PROOF_INVALID, and as `Custodian.releaseTo`
   */
  async release(access: string, proof: string): Promise<ReleaseAnswer> {
    const { device } = await this.proofs.check(proof, releasesUrl(this.url));
    return this.custodian.releaseTo({ access, recipientDevice: device });
  }

  /**
   * Sealed bytes of an access that was released to the device that made the proof.
   * @param proof a fresh Bearer JWT, addressed to the URL of these sealed bytes
   * @throws Failure RELEASE_PROOF_INVALID, and as `Sealed.of`
   */
  async sealedOf(access: string, proof: string, range: ByteRange | undefined) {
    const { device } = await this.proofs.check(proof, sealedUrl(this.url, access));
    return this.sealed.of(access, device, range);
  }

  /**
   * The asking side: gets a granted access of our own released, by us or by another custodian.
   * @throws Failure as `Requester.open`
   */
  async open(granted: { access: string; record: string }, options: { keep: boolean }): Promise<Reading> {
    return this.requester.open(granted, options);
  }

  /** Has a granted access of our own released for its reader alone. @throws Failure as `EndToEnd.release` */
  async releaseToReader(own: OwnAccess): Promise<EndToEndRead> {
    return this.endToEnd.release(own);
  }

  /** Sealed bytes of such an access. @throws Failure as `EndToEnd.sealed` */
  async sealedToReader(own: OwnAccess, range: ByteRange | undefined): Promise<SealedBytes> {
    return this.endToEnd.sealed(own, range);
  }

  /**
   * The statement of a patient's grant, proven from statements alone.
   * @throws Failure LEDGER_DISAGREES with an alarm, LEDGER_UNAVAILABLE, BUSY, BROKEN
   */
  async grantStatement(grant: string, patient: string): Promise<ReadStatement> {
    try {
      await this.proven.grant(grant, patient);
      return (await this.statements.of(grant)).statement;
    } catch (error) {
      const found = unproven(error, 'a grant does not verify');
      if (!(found instanceof Disagreement)) throw found;
      throw alarmed(this.parts.alarm, { code: 'LEDGER_DISAGREES', what: found.message, about: { grant } });
    }
  }

  /** Forgets the keys that are kept, lets what is being logged finish, closes resting connections. */
  async close(): Promise<void> {
    this.requester.close();
    this.outgoing.close();
    await this.log.close();
  }
}
