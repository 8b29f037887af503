import { readStatement } from '@chartkey/rules';
import {
  type BrokenGlass,
  Dispute,
  type EmergencyCard,
  Failure,
  type Genesis,
  type KeptReason,
  LiveOpening,
  millisecondsOf,
  Opening,
  PatientFacts,
  type PractitionerAnswer,
  PractitionerFacts,
  queries,
  type ReasonWords,
} from '@chartkey/vocabulary';
import type { Persons } from '../access/persons.ts';
import type { Caller } from '../gateway.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { fromVault } from '../records/from-vault.ts';
import { Expiring } from '../sessions/expiring.ts';
import type { Statements } from '../statements/statements.ts';
import type { Reasons } from './reasons.ts';
import type { EmergencyVerbs } from './verbs.ts';

/** Statements that stand already and are remembered, so that a read with them asks the ledger once only. */
const MOST_KNOWN = 4096;
/** Milliseconds after which a broken glass is over for certain. */
const LONGEST = 3_660_000;

export interface EmergenciesParts {
  ledger: Pick<Ledger, 'evaluate'>;
  genesis: Genesis;
  statements: Pick<Statements, 'submit'>;
  reasons: Reasons;
  persons: Pick<Persons, 'may'>;
  /** @throws Failure DEVICE_REVOKED, TOKEN_INVALID though its session lives */
  present(caller: Caller): Promise<Caller>;
  /** logs a regulator's question on the ledger */
  ask(caller: Caller, question: object): Promise<void>;
  /** milliseconds since 1970 */
  now?: () => number;
}

/** Broken glass as people see it: who opened what, why, and what the review found. */
export class Emergencies implements EmergencyVerbs {
  private readonly now: () => number;
  private readonly known: Expiring<true>;

  constructor(private readonly parts: EmergenciesParts) {
    this.now = parts.now ?? Date.now;
    this.known = new Expiring(MOST_KNOWN, this.now);
  }

  async breakGlass(caller: Caller, statements: readonly string[]): Promise<void> {
    for (const statement of statements) {
      const { id } = readStatement(statement, 'openBreakGlass', 'secondBreakGlass');
      if (this.known.get(id)) continue;
      await this.parts.statements.submit(statement, caller);
      this.known.set(id, true, this.now() + LONGEST);
    }
  }

  async keepReason(caller: Caller, patient: string, words: ReasonWords): Promise<KeptReason> {
    const { session } = await this.parts.present(caller);
    if (session.subject !== 'device') throw new Failure('DEVICES_ONLY');
    PatientFacts.parse(await this.parts.ledger.evaluate(queries.patient, patient));
    return { text: await fromVault(() => this.parts.reasons.keep(patient, words)) };
  }

  async openingOf(caller: Caller, id: string): Promise<BrokenGlass> {
    await this.parts.present(caller);
    const opening = Opening.parse(await this.parts.ledger.evaluate(queries.opening, id));
    const isPatients = await this.isPatients(caller, opening.patient);
    const isReviewers = isReviewerOf(caller, opening.organisation);
    if (!isPatients && !isReviewers && !isRegulators(caller) && !tookPart(caller, opening)) {
      throw new Failure('NOT_YOURS');
    }
    await this.log(caller, { opening: id });
    const shown = this.shown(opening);
    if (!isPatients && !isReviewers) return shown;
    const words = await fromVault(() => this.parts.reasons.wordsOf(opening.patient, opening.text));
    return { ...shown, ...(words !== undefined && { words }) };
  }

  async openingsOf(caller: Caller, patient: string): Promise<BrokenGlass[]> {
    await this.parts.present(caller);
    if (!isRegulators(caller) && !(await this.isPatients(caller, patient))) throw new Failure('NOT_YOURS');
    await this.log(caller, { openingsOf: patient });
    const openings = await this.openings(queries.openingsOf, patient);
    return openings.sort((one, other) => (one.openedAt < other.openedAt ? 1 : -1));
  }

  async unreviewed(caller: Caller, named: string | undefined): Promise<BrokenGlass[]> {
    const organisations = this.whose(await this.parts.present(caller), named);
    await this.log(caller, { unreviewed: organisations });
    const found = [];
    for (const organisation of organisations) {
      found.push(...(await this.openings(queries.unreviewed, organisation)));
    }
    return found.sort((one, other) => (one.reviewBy < other.reviewBy ? -1 : 1));
  }

  async disputes(caller: Caller): Promise<Dispute[]> {
    if (!isRegulators(await this.parts.present(caller))) throw new Failure('REGULATORS_ONLY');
    await this.log(caller, { disputes: 'all' });
    const disputes = Dispute.array().parse(await this.parts.ledger.evaluate(queries.disputes));
    return disputes.sort((one, other) => (one.openedAt < other.openedAt ? 1 : -1));
  }

  /** For the patient, and for a device whose practitioner has broken the glass on it. */
  async cardOf(caller: Caller, patient: string): Promise<EmergencyCard> {
    const { session, member } = await this.parts.present(caller);
    if (session.subject === 'device') {
      const answer = await this.parts.ledger.evaluate(queries.liveOpenings, patient, member?.id ?? '');
      const isLive = LiveOpening.array()
        .parse(answer)
        .some(
          ({ device, practitioner, until }) =>
            device === session.id &&
            practitioner === session.practitioner &&
            this.now() <= millisecondsOf(until),
        );
      if (!isLive) throw new Failure('BREAK_GLASS_REQUIRED');
    } else if (session.id !== patient) throw new Failure('NOT_YOURS');
    const { card } = PatientFacts.parse(await this.parts.ledger.evaluate(queries.patient, patient));
    return card === undefined ? {} : { record: card };
  }

  async practitionerOf(key: string): Promise<PractitionerAnswer> {
    return PractitionerFacts.parse(await this.parts.ledger.evaluate(queries.practitioner, key));
  }

  /** Only a regulator's questions are about others' patients. */
  private async log(caller: Caller, question: object): Promise<void> {
    if (isRegulators(caller)) await this.parts.ask(caller, question);
  }

  private whose(caller: Caller, named: string | undefined): string[] {
    const { organisations } = this.parts.genesis;
    if (isRegulators(caller)) {
      if (named !== undefined) return [named];
      return organisations.filter(({ kind }) => kind === 'hospital').map(({ id }) => id);
    }
    const own = caller.member?.id;
    if (own === undefined || (named !== undefined && named !== own)) throw new Failure('NOT_YOURS');
    if (!isReviewerOf(caller, own)) throw new Failure('ROLE_NOT_ALLOWED');
    return [own];
  }

  private async openings(query: string, of: string): Promise<BrokenGlass[]> {
    const openings = Opening.array().parse(await this.parts.ledger.evaluate(query, of));
    return openings.map((one) => this.shown(one));
  }

  private shown(opening: Opening): BrokenGlass {
    const isOverdue = opening.review === undefined && this.now() > millisecondsOf(opening.reviewBy);
    return { ...opening, overdue: isOverdue };
  }

  /** Is the caller the patient, or a delegate who may see the log? */
  private isPatients(caller: Caller, patient: string): Promise<boolean> {
    return this.parts.persons.may(caller, patient, 'log');
  }
}

const isRegulators = ({ session, member }: Caller) =>
  session.subject === 'device' && member?.kind === 'regulator';

function isReviewerOf({ session, member }: Caller, organisation: string): boolean {
  const { subject, role } = session;
  return subject === 'device' && member?.id === organisation && role === 'privacy-officer';
}

/** Who opened it or stands behind it may see what became of it. */
function tookPart({ session, member }: Caller, { organisation, practitioner, second }: Opening): boolean {
  const took = [practitioner, second?.practitioner];
  return (
    session.subject === 'device' && member?.id === organisation && took.includes(session.practitioner ?? '')
  );
}
