import {
  approverOf,
  type Confirmed,
  changeStanding,
  checkEnrolment,
  enrolled,
  isStandingAct,
  type Place,
  type ReadStatement,
  type Signers,
  type StandingAct,
  standingAuthor,
  type Trust,
} from '@chartkey/rules';
import {
  Failure,
  instantAt,
  type P256Key,
  type Patient,
  type PractitionerKey,
  type StatementOf,
} from '@chartkey/vocabulary';
import { Disagreement } from './alarm.ts';
import type { ChainLink, Chains } from './chains.ts';
import { Recent } from './recent.ts';
import type { Statements } from './statements.ts';

const KEPT = 16_384;
/** Milliseconds by which the times of two gateways' proposals may disagree about their order. */
const TOLERANCE = 120_000;

export interface StandingsParts {
  trust: Trust;
  chains: Chains;
  statements: Statements;
  /** @throws Failure when the registration does not verify; undefined when there is none */
  practitioner(key: string, time: number): Promise<PractitionerKey | undefined>;
  masterKey(organisation: string, kid: string, time: number): Promise<P256Key>;
}

/**
 * What stands about patients as their statements prove it: every link of a chain is verified and applied by
 * the same rules as the chaincode's, so state cannot invent or drop a key, a denial or a delegate.
 */
export class Standings {
  private readonly kept = new Recent<string, Promise<Patient>>(KEPT);

  constructor(private readonly parts: StandingsParts) {}

  /**
   * What stands after so many links, and what stands by now where this organisation's own blocks hold more.
   * @throws Disagreement when state's chain differs from our own blocks; Failure when a link does not verify
   */
  async now(patient: string, links: number): Promise<{ then: Patient; now: Patient }> {
    const then = await this.after(patient, links);
    if (!(await this.isBehind(patient, links))) return { then, now: then };
    // Our own blocks may be ahead of the answer that named these links.
    const length = (await this.parts.chains.lengthNow(patient)) ?? 0;
    await this.checkIsWhole(patient, length);
    return { then, now: await this.after(patient, length) };
  }

  /**
   * Do our own blocks hold more links than so many?
   * @throws Disagreement when they hold others, or in another order: a freeze must not seem to end before it began
   */
  private async isBehind(patient: string, links: number): Promise<boolean> {
    // All but the enrolment, which the patient's id proves.
    const [, ...told] = await this.parts.chains.ids(patient, links);
    const known = this.parts.trust.restrictionsOf(patient);
    if (known.some((id, at) => at < told.length && told[at] !== id)) {
      throw new Disagreement('a patient’s chain is another one than our own blocks hold');
    }
    return known.length > told.length;
  }

  /** State is never behind our own blocks, which come from the same peer. */
  private async checkIsWhole(patient: string, length: number): Promise<void> {
    if (await this.isBehind(patient, length)) {
      throw new Disagreement('a patient’s chain leaves out what our own blocks hold');
    }
  }

  /** What stood after so many links. @throws Failure when a link does not verify */
  async after(patient: string, links: number): Promise<Patient> {
    if (links < 1) throw new Disagreement('a patient’s chain is empty');
    return this.kept.obtain(`${patient} ${links}`, () => this.apply(patient, links));
  }

  /** Who could sign at a time: keys and delegates of persons, registered practitioners, master keys. */
  signersAt(time: number): Signers {
    const { network, checks } = this.parts.trust;
    return {
      network,
      checks,
      person: (id) => this.at(id, time),
      practitioner: (key) => this.parts.practitioner(key, time),
      masterKey: (organisation, kid) => this.parts.masterKey(organisation, kid, time),
    };
  }

  private async apply(patient: string, links: number): Promise<Patient> {
    const link = await this.parts.chains.link(patient, links - 1);
    if (links === 1) return this.begin(patient, link);
    const before = await this.after(patient, links - 1);
    const { statement, time } = link;
    if (!isOfStanding(statement)) throw new Disagreement('a link of a patient’s chain changes nothing');
    const { payload } = statement;
    const about = ('patient' in payload ? payload.patient : undefined) ?? payload.iss;
    if (about !== patient) throw new Disagreement('a link of a patient’s chain is about another patient');
    const author = await standingAuthor(statement, before, this.signersAt(time), time);
    const approvals = 'approvals' in payload ? (payload.approvals ?? []) : [];
    const confirmed = await Promise.all(approvals.map((id) => this.confirmed(id)));
    const { network, checks } = this.parts.trust;
    return changeStanding(before, { statement, author, network, checks, time, confirmed });
  }

  private begin(patient: string, { statement, time }: ChainLink): Patient {
    if (statement.payload.act !== 'enrolPatient') throw new Disagreement('a chain begins with no enrolment');
    const enrolment = statement as ReadStatement<StatementOf<'enrolPatient'>>;
    checkEnrolment(enrolment, this.parts.trust.network, this.parts.trust.checks);
    if (enrolment.payload.iss !== patient) throw new Disagreement('a chain begins with another patient');
    // Who vouched is not in the statement; no decision rests on it.
    return enrolled(enrolment, { enrolledBy: '', enrolledAt: instantAt(time) });
  }

  /**
   * The principal behind an accepted approval.
   * @param place whose place a delegate may have signed in
   * @throws Failure when it does not verify or was withdrawn
   */
  async confirmed(id: string, place?: Place): Promise<Confirmed> {
    const { statement, time } = await this.parts.statements.of(id);
    if (!isApproval(statement)) throw new Disagreement('an approval is no approval');
    if (this.parts.trust.isRevoked('approval', id)) throw new Failure('APPROVALS_MISSING');
    const by = await approverOf(statement, this.signersAt(time), time, place);
    return { statement: id, by, request: statement.payload.request, at: time };
  }

  /**
   * What stood about a person at a time, with every key that may have signed then: gateways' clocks differ.
   * Only links before that time are looked at, so that two who sign for each other do not wait for each other.
   */
  private async at(person: string, time: number): Promise<Patient | undefined> {
    const length = await this.parts.chains.lengthNow(person);
    if (length === undefined) return undefined;
    await this.checkIsWhole(person, length);
    const standings: Patient[] = [];
    for (let links = 1; links <= length; links += 1) {
      const { time: since } = await this.parts.chains.link(person, links - 1);
      if (links > 1 && since >= time) break;
      const next =
        links < length ? (await this.parts.chains.link(person, links)).time : Number.POSITIVE_INFINITY;
      if (next >= time - TOLERANCE) standings.push(await this.after(person, links));
    }
    const last = standings.at(-1);
    if (!last) return undefined;
    const keys = new Map(standings.flatMap((one) => one.keys).map((key) => [key.statement, key]));
    return { ...last, keys: [...keys.values()] };
  }
}

function isOfStanding(statement: ReadStatement): statement is ReadStatement<StatementOf<StandingAct>> {
  return isStandingAct(statement.payload.act);
}

function isApproval(statement: ReadStatement): statement is ReadStatement<StatementOf<'approve'>> {
  return statement.payload.act === 'approve';
}
