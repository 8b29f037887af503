import {
  type Device,
  Failure,
  type Grant,
  type Opening,
  type PatientFacts,
  type PractitionerKey,
  queries,
  type Releasable,
} from '@chartkey/vocabulary';
import type { Ledger } from '../../../gateway/src/ledger/ledger.ts';
import { standingOf } from '../../support/standing.ts';
import type { TestDevice } from './consortium.ts';

/** A peer's state as the release room sees it; tests alter it at will. */
export class MemoryLedger implements Pick<Ledger, 'evaluate' | 'commitOf'> {
  readonly statements = new Map<string, string>();
  readonly devices = new Map<string, Device>();
  readonly practitioners = new Map<string, PractitionerKey>();
  readonly openings = new Map<string, Opening>();
  readonly releasable = new Map<string, Releasable>();
  readonly commits = new Map<string, { block: number; valid: boolean }>();
  /** by patient: ids of the statements that shaped what stands */
  readonly chains = new Map<string, string[]>();
  /** links of a patient's chain when a statement was accepted, where that is told */
  readonly linksAt = new Map<string, number>();
  grants: Grant[] = [];
  readonly asked: string[] = [];

  accept(...statements: { id: string; statement: string }[]): void {
    for (const { id, statement } of statements) this.statements.set(id, statement);
  }

  /** An enrolment: the first link of the patient's chain. */
  enrol(patient: { id: string; patient: string; statement: string }): void {
    this.accept(patient);
    this.chains.set(patient.patient, [patient.id]);
  }

  approve(device: TestDevice): void {
    this.accept(device);
    const { id, organisation, sig, enc, use } = device;
    this.devices.set(device.device, {
      device: device.device,
      organisation,
      sig: sig.key,
      enc: enc.key,
      use,
      status: 'approved',
      statement: id,
      approvedAt: new Date().toISOString(),
    });
  }

  async evaluate(query: string, ...args: string[]): Promise<unknown> {
    this.asked.push(query);
    const [name = ''] = args;
    const committedAt = new Date().toISOString();
    const statement = this.statements.get(name);
    switch (query) {
      case queries.statement:
        return found(
          statement && { statement, transaction: '0'.repeat(64), committedAt, links: this.linksAt.get(name) },
          'STATEMENT_UNKNOWN',
        );
      case queries.device:
        return found(this.devices.get(name), 'DEVICE_UNKNOWN');
      case queries.practitioner:
        return found(this.practitioners.get(name), 'PRACTITIONER_UNKNOWN');
      case queries.opening:
        return found(this.openings.get(name), 'OPENING_UNKNOWN');
      case queries.releasable:
        return (JSON.parse(name) as string[]).map((access) =>
          structuredClone(this.releasable.get(access) ?? { code: 'ACCESS_UNKNOWN' }),
        );
      case queries.chain:
        return found(this.chains.get(name), 'PATIENT_UNKNOWN').slice(Number(args[1]));
      case queries.patient:
        return this.standing(name);
      case queries.organisations:
        return [];
      case queries.organisation:
        return { id: name, nextSeq: 2 };
      case queries.grants:
        return this.grants;
      default:
        throw new Failure('BROKEN');
    }
  }

  /** As far as the room looks at it: how long the chain is. */
  private standing(patient: string): PatientFacts {
    const chain = found(this.chains.get(patient), 'PATIENT_UNKNOWN');
    return { ...standingOf(patient, { statement: chain[0] ?? '', links: chain.length }), nextSeq: 2 };
  }

  async commitOf(transaction: string): Promise<{ block: number; valid: boolean }> {
    return found(this.commits.get(transaction), 'OUTCOME_UNKNOWN');
  }
}

/** A copy, as every answer of a peer is one. */
function found<Value>(
  value: Value | undefined | '',
  code:
    | 'OUTCOME_UNKNOWN'
    | 'STATEMENT_UNKNOWN'
    | 'DEVICE_UNKNOWN'
    | 'ACCESS_UNKNOWN'
    | 'PATIENT_UNKNOWN'
    | 'PRACTITIONER_UNKNOWN'
    | 'OPENING_UNKNOWN',
): Value {
  if (value === undefined || value === '') throw new Failure(code);
  return structuredClone(value);
}
