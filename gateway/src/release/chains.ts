import { Failure, PatientFacts, queries, StatementId } from '@chartkey/vocabulary';
import * as z from 'zod';
import { Disagreement } from './alarm.ts';
import { Recent } from './recent.ts';
import type { Accepted, Queries, Statements } from './statements.ts';

/** Patients whose chains are kept; most have one link. */
const KEPT = 16_384;

/** One statement that shaped what stands about a patient. */
export interface ChainLink extends Accepted {
  id: string;
}

/** The chains of patients: which statements shaped what stands, in the ledger's order. */
export class Chains {
  private readonly kept = new Recent<string, readonly string[]>(KEPT);

  constructor(
    private readonly ledger: Queries,
    private readonly statements: Statements,
  ) {}

  /** Ids of the first links of a patient's chain, so many. @throws Disagreement when state tells another chain */
  async ids(patient: string, links: number): Promise<readonly string[]> {
    const kept = this.kept.get(patient) ?? [];
    if (kept.length >= links) return kept.slice(0, links);
    const answer = await this.ledger.evaluate(queries.chain, patient, String(kept.length));
    const more = z.array(StatementId).safeParse(answer);
    if (!more.success) throw new Disagreement('a patient’s chain is not stored as one');
    const ids = [...kept, ...more.data];
    if (ids.length < links) throw new Disagreement('a patient’s chain is shorter than state says');
    this.kept.set(patient, ids);
    return ids.slice(0, links);
  }

  /** One link. @throws as `Statements.of` */
  async link(patient: string, number: number): Promise<ChainLink> {
    const id = (await this.ids(patient, number + 1))[number] ?? '';
    return { id, ...(await this.statements.of(id)) };
  }

  /** How long a patient's chain is now; undefined when nobody of this id is enrolled. */
  async lengthNow(patient: string): Promise<number | undefined> {
    try {
      return PatientFacts.parse(await this.ledger.evaluate(queries.patient, patient)).links;
    } catch (error) {
      if (error instanceof Failure && error.code === 'PATIENT_UNKNOWN') return undefined;
      throw error;
    }
  }
}
