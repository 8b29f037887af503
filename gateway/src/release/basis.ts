import {
  type AccessDecision,
  type ApprovedDevice,
  decideAccess,
  decidePersonsAccess,
  isTreatingCustodian,
  keyNamed,
  type Trust,
} from '@chartkey/rules';
import {
  type AccessEntry,
  Device,
  DeviceUse,
  Failure,
  type Grant,
  Grant as GrantShape,
  instantAt,
  type LiveOpening,
  millisecondsOf,
  type P256Key,
  type Patient,
  queries,
  type Relation,
} from '@chartkey/vocabulary';
import * as z from 'zod';
import { Disagreement, unproven } from './alarm.ts';
import { approvedIn } from './approved.ts';
import { checkIsNewest } from './devices.ts';
import { refuseEnded } from './ended-openings.ts';
import type { Claim } from './entitlement.ts';
import { fallenKeys } from './fallen-keys.ts';
import type { Proven } from './proven.ts';
import type { Queries } from './statements.ts';

const broken = 'the statements behind a granted access do not verify';

export interface BasisParts {
  /** whose records are released here */
  organisation: string;
  ledger: Queries;
  proven: Proven;
  trust: Trust;
}

/** What the statements bear out of a claim. */
export interface BorneOut {
  /** the entry's device as approved; undefined for a patient's or delegate's read */
  device?: ApprovedDevice;
  /** the reader's own `enc` key, where the entry was read end to end: the release is made for it alone */
  reader?: P256Key;
}

/**
 * Decides a granted entry once more, from statements alone: genesis -> master key -> its device, patient id ->
 * keys -> standing -> grant (ledger.md, "Release rests on statements"). State's word is only compared.
 */
export class Basis {
  constructor(private readonly parts: BasisParts) {}

  /**
   * @throws Disagreement when state granted what the statements do not bear out
   * @throws Failure DEVICE_REVOKED, NO_GRANT … when it was taken back meanwhile; LEDGER_UNAVAILABLE, BUSY, BROKEN
   */
  async verify(claim: Claim): Promise<BorneOut> {
    const { entry } = claim;
    if (entry.device === undefined) return this.verifyPerson(claim);
    const { approval, renewal } = claim;
    if (approval === undefined) throw new Disagreement('an entry’s device has no approval');
    const device = await this.proving(() => this.parts.proven.device(approval, renewal));
    checkIsEntrysDevice(device, entry);
    checkIsNewest(this.parts.trust, device.device, renewal);
    if (this.parts.trust.isRevoked(device.organisation, device.device)) await this.refuseRevokedDevice(entry);
    await this.verifyDevices(claim, device);
    if (entry.recipient === undefined) return { device };
    if (entry.recipient !== device.device)
      throw new Disagreement('an entry is for another key than its device’s');
    return { device, reader: device.enc };
  }

  private async verifyDevices(claim: Claim, device: ApprovedDevice): Promise<void> {
    const { entry, labels, madeAt } = claim;
    const { purpose, kind, practitioner, role, time } = entry;
    const { organisation: custodian, trust } = this.parts;
    const asked = {
      item: { kind, purpose },
      session: { until: time, purposes: [purpose], practitioner, role },
      device: asState(device),
      genesis: trust.genesis,
      record: { record: entry.record, custodian, labels, madeAt },
      isProven: entry.recipient !== undefined,
      time: millisecondsOf(time),
    };
    if (isTreatingCustodian(asked)) return agree(entry, decideAccess({ ...asked, relation: { grants: [] } }));
    const { standings, grant, ...facts } = await this.proving(() => this.factsOf(claim));
    if (grant) await this.checkStands(entry, grant);
    await refuseEnded(facts.openings, this.parts);
    const fallen = await fallenKeys(facts.openings, entry.organisation, this.parts);
    const decide = (standing: Patient) =>
      decideAccess({ ...asked, ...facts, fallen, standing: { ...standing, treating: [] } });
    const without = fallen.size > 0 ? decide(standings.now) : undefined;
    if (without?.is === 'denied') throw new Failure(without.code);
    decided(entry, standings, decide);
  }

  /** What an entry rests on, each proven. */
  private async factsOf(claim: Claim) {
    const { entry, links, treatment, requests } = claim;
    const { proven } = this.parts;
    const { patient, organisation } = entry;
    if (entry.basis === 'grant' && entry.grant === undefined) throw new Disagreement('an entry has no basis');
    const standings = await proven.standings.now(patient, links);
    const grant = entry.grant === undefined ? undefined : await proven.grant(entry.grant, patient);
    const treating =
      grant && 'treating' in grant.grantee && treatment !== undefined
        ? await proven.treatment(treatment, patient, organisation)
        : undefined;
    const approved = requests && (await approvedIn(requests, entry, standings.then, proven.standings));
    const opening = claim.opening && (await this.openingOf(claim));
    const relation: Relation = {
      grants: grant ? [grant] : [],
      ...(treating && { treatment: treating }),
      ...(approved && { approved }),
    };
    return { standings, grant, relation, openings: opening ? [opening] : [] };
  }

  /** A patient's or delegate's own read, which no device asked for. */
  private async verifyPerson({ entry, links, readerLinks = 0, labels }: Claim): Promise<BorneOut> {
    const { standings } = this.parts.proven;
    const { person = '', recipient = '' } = entry;
    const { own, reader } = await this.proving(async () => {
      const own = await standings.now(entry.patient, links);
      return { own, reader: person === entry.patient ? own : await standings.now(person, readerLinks) };
    });
    const time = millisecondsOf(entry.time);
    const session = { id: person, until: entry.time, key: recipient };
    const record = { record: entry.record, labels };
    const item = { purpose: entry.purpose };
    const then = { standing: own.then, reader: reader.then };
    const isAsThen = own.now === own.then && reader.now === reader.then;
    const now = isAsThen ? then : { standing: own.now, reader: reader.now };
    decided(entry, { then, now }, (both) => decidePersonsAccess({ item, session, record, time, ...both }));
    const key = keyNamed(reader.now.keys, recipient);
    if (!key) throw new Failure('KEY_REVOKED');
    return { reader: key.enc };
  }

  /** A grant, and the one it was passed on from, was never taken back. */
  private async checkStands(entry: AccessEntry, { grant, from }: Grant): Promise<void> {
    const { trust } = this.parts;
    const { patient, organisation } = entry;
    const isRevoked = [grant, from].some((id) => id !== undefined && trust.isRevoked(patient, id));
    if (!isRevoked) return;
    // Our own set of revocations is never ahead of our peer's state, so state must know of this one.
    const answer = await this.parts.ledger.evaluate(queries.grants, patient, organisation);
    const state = z.array(GrantShape).safeParse(answer);
    if (!state.success || state.data.some((one) => one.grant === grant)) {
      throw new Disagreement('state holds a revoked grant as live');
    }
    throw new Failure('NO_GRANT');
  }

  private openingOf({ entry, opening }: Claim): Promise<LiveOpening> {
    const { ground = '', patient, organisation, time } = entry;
    const ids = { opening: ground, second: opening?.second?.statement };
    return this.parts.proven.opening(ids, { patient, organisation, time: millisecondsOf(time) });
  }

  private async refuseRevokedDevice({ device = '' }: AccessEntry): Promise<never> {
    const state = Device.safeParse(await this.parts.ledger.evaluate(queries.device, device));
    if (!state.success || state.data.status !== 'revoked') {
      throw new Disagreement('state holds a revoked device as approved');
    }
    throw new Failure('DEVICE_REVOKED');
  }

  private async proving<Result>(work: () => Promise<Result>): Promise<Result> {
    try {
      return await work();
    } catch (error) {
      throw unproven(error, broken);
    }
  }
}

/**
 * The claimed standing must grant what state granted. Where our own blocks know more by now, that decides:
 * the access was granted, and taken back since.
 */
function decided<Standing>(
  entry: AccessEntry,
  { then, now }: { then: Standing; now: Standing },
  decide: (standing: Standing) => AccessDecision,
): void {
  agree(entry, decide(then));
  const again = now === then ? undefined : decide(now);
  if (again?.is === 'denied') throw new Failure(again.code);
}

/** @throws Disagreement unless the statements grant the entry on the same basis */
function agree(entry: AccessEntry, decision: AccessDecision): void {
  if (decision.is === 'denied') throw new Disagreement(`${broken}: ${decision.code}`);
  const { basis, grant, ground } = decision;
  if (basis !== entry.basis || grant?.grant !== entry.grant || ground !== entry.ground) {
    throw new Disagreement('an entry names another basis than the statements bear out');
  }
}

/** A device as a decision wants it, from its approval alone. */
function asState(device: ApprovedDevice): Device {
  const { validUntil, sig, use, ...rest } = device;
  return {
    ...rest,
    sig,
    use: DeviceUse.parse(use),
    status: 'approved',
    statement: '',
    approvedAt: instantAt(0),
    ...(validUntil !== undefined && { validUntil: instantAt(validUntil) }),
  };
}

function checkIsEntrysDevice(device: ApprovedDevice, entry: AccessEntry): void {
  if (device.device !== entry.device || device.organisation !== entry.organisation) {
    throw new Disagreement('an entry names another device than its approval');
  }
  if (device.validUntil !== undefined && millisecondsOf(entry.time) > device.validUntil) {
    throw new Disagreement('an entry was granted after its device’s approval had ended');
  }
}
