import { type Author, checkIsUnsuspected, delegationOf, hidesFrom, isLive, keyNamed } from '@chartkey/rules';
import {
  Failure,
  type ListedAccess,
  type ListedDelegation,
  type Patient,
  PatientFacts,
  type Power,
  queries,
  RecordFacts,
} from '@chartkey/vocabulary';
import * as z from 'zod';
import type { Caller, Page } from '../gateway.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { unlessForbidden } from '../statements/verification.ts';

/** Persons behind tokens: patients themselves, and those who act for them as far as their powers go. */
export class Persons {
  constructor(
    private readonly ledger: Pick<Ledger, 'evaluate'>,
    private readonly now: () => number = Date.now,
  ) {}

  /**
   * A person's token ends with the key that it was fetched with. A third party may not look persons up, and
   * has nothing to show them.
   * @throws Failure TOKEN_INVALID
   */
  async check(caller: Caller): Promise<void> {
    if (!(await this.stands(caller))) throw new Failure('TOKEN_INVALID');
  }

  /** Does the key behind a person's token still sign for it, and is it not suspect? */
  async stands({ session }: Caller): Promise<boolean> {
    if (session.subject !== 'patient') return true;
    const facts = await unlessForbidden(() => this.factsOf(session.id));
    const key = session.key ?? '';
    if (!facts) return true;
    return keyNamed(facts.keys, key) !== undefined && !isSuspect(facts, { is: 'patient', key }, this.now());
  }

  /** Does a key still sign for a patient? A freeze that names it changes nothing: anybody with a key may freeze. */
  async isKeyOf(patient: string, key: string): Promise<boolean> {
    return keyNamed((await this.factsOf(patient)).keys, key) !== undefined;
  }

  /**
   * Lets a patient pass, and who acts for it with this power.
   * @returns what stands about the patient, where a delegate asks
   * @throws Failure NOT_YOURS
   */
  async mayAsk({ session }: Caller, patient: string, power: Power | 'any'): Promise<Patient | undefined> {
    if (session.subject !== 'patient') throw new Failure('NOT_YOURS');
    if (session.id === patient) return undefined;
    const facts = await unlessForbidden(() => this.factsOf(patient).catch(notYours));
    if (!facts || !actsFor(facts, session, power, this.now())) throw new Failure('NOT_YOURS');
    return facts;
  }

  /** The same as a question: of a stranger and of somebody unknown the answer is no. */
  async may(caller: Caller, patient: string, power: Power): Promise<boolean> {
    try {
      await this.mayAsk(caller, patient, power);
      return true;
    } catch (error) {
      if (error instanceof Failure && error.code === 'NOT_YOURS') return false;
      throw error;
    }
  }

  /** Whom a person acts for, now or by what has yet to begin. */
  async delegationsOf({ session }: Caller): Promise<Page<ListedDelegation>> {
    if (session.subject !== 'patient') throw new Failure('NOT_YOURS');
    const patients = z.array(z.string()).parse(await this.ledger.evaluate(queries.actsFor, session.id));
    const items: ListedDelegation[] = [];
    for (const patient of patients) {
      const { delegates } = await this.factsOf(patient);
      for (const one of delegates) {
        if (one.person !== session.id) continue;
        const { person: _own, attested, ...words } = one;
        items.push({ patient, ...words, attested: attested.length, live: isLive(one, this.now()) });
      }
    }
    return { items };
  }

  /** A log without the looks at records that the patient hides from who asks. */
  async visibleOf(
    page: Page<ListedAccess>,
    { session }: Caller,
    standing: Patient | undefined,
  ): Promise<Page<ListedAccess>> {
    if (!standing || standing.denials.length === 0) return page;
    const items: ListedAccess[] = [];
    for (const item of page.items) {
      const labels = item.record === undefined ? [] : await this.labelsOf(item.record);
      const about = { record: item.record ?? '', labels };
      if (!standing.denials.some((one) => hidesFrom(one, session.id, about))) items.push(item);
    }
    return { ...page, items };
  }

  private async labelsOf(record: string): Promise<string[]> {
    return RecordFacts.parse(await this.ledger.evaluate(queries.record, record)).labels;
  }

  private async factsOf(id: string): Promise<PatientFacts> {
    return PatientFacts.parse(await this.ledger.evaluate(queries.patient, id));
  }
}

/** Who asks about somebody unknown learns no more than about somebody else's. */
function notYours(error: unknown): never {
  throw error instanceof Failure && error.code === 'PATIENT_UNKNOWN' ? new Failure('NOT_YOURS') : error;
}

/** Acts this person for the patient now, with this power, and nobody suspects it? */
export function actsFor(
  standing: Patient,
  { id, key = '' }: Caller['session'],
  power: Power | 'any',
  time: number,
): boolean {
  const delegate = delegationOf(standing, id, power, time);
  return delegate !== undefined && !isSuspect(standing, { is: 'delegate', delegate, key }, time);
}

function isSuspect(standing: Patient, author: Author, time: number): boolean {
  try {
    checkIsUnsuspected(standing, author, undefined, time);
    return false;
  } catch {
    return true;
  }
}
