import {
  type ApprovalRequest,
  type ApprovalsAsked,
  queries,
  type ReleasableAnswer,
  transactions,
  type Waiting,
} from '@chartkey/vocabulary';
import { LedgerPerson } from '../support/approvers.ts';
import { freshId, LedgerActor, type Stage } from '../support/ledger-actor.ts';
import { statementIdOf } from '../support/signing.ts';

export const hospital = { organisation: 'LakesideMSP' };
export const approval = (request: string, more: object = {}) => ({
  act: 'approve' as const,
  request,
  ...more,
});
export const people = (...all: LedgerPerson[]) => all.map(({ id }) => ({ person: id }));

/** A hospital that keeps a patient's record, one that asks for it, and who approves. */
export class ApprovalScene {
  readonly river: LedgerActor;
  readonly lake: LedgerActor;
  readonly insurer: LedgerActor;
  riverSession = '';
  lakeSession = '';

  private constructor(stage?: Stage) {
    this.river = new LedgerActor('RiversideMSP', stage);
    this.lake = new LedgerActor('LakesideMSP', stage);
    this.insurer = new LedgerActor('InsurerMSP', stage);
  }

  /** @param stage the shared consortium unless given */
  static async open(stage?: Stage): Promise<ApprovalScene> {
    const scene = new ApprovalScene(stage);
    await scene.startSessions();
    return scene;
  }

  /** Sessions live five minutes. */
  async startSessions(): Promise<void> {
    this.riverSession = await this.river.session();
    this.lakeSession = await this.lake.session();
  }

  close(): void {
    for (const one of [this.river, this.lake, this.insurer]) one.close();
  }

  person(): Promise<LedgerPerson> {
    return LedgerPerson.enrolled(this.river, this.riverSession);
  }

  /** A record of a patient's at Riverside. */
  async record(patient: LedgerPerson): Promise<string> {
    const record = freshId();
    await this.river.anchor(this.riverSession, patient.id, record);
    return record;
  }

  /** Reading the record takes so many of these. @returns the rule's id */
  async rule(patient: LedgerPerson, record: string, of: object[], need: number): Promise<string> {
    const words = { act: 'layRule' as const, on: { records: [record] }, of, need, within: 60, lasting: 60 };
    const compact = patient.signs(words);
    const code = await patient.submits(this.river, 'layRule', compact);
    if (code !== 'accepted') throw new Error(`no rule: ${code}`);
    return statementIdOf(compact);
  }

  /** A patient and a guardian; the patient's record takes two of them and the hospital that asks. */
  async ruled() {
    const [patient, guardian] = [await this.person(), await this.person()];
    const record = await this.record(patient);
    const rule = await this.rule(patient, record, [...people(patient, guardian), hospital], 2);
    return { patient, guardian, record, rule };
  }

  /** Asks for approvals, Lakeside unless another is named. */
  async ask(record: string, session = this.lakeSession, by = this.lake): Promise<ApprovalsAsked> {
    const words = { session, record, purpose: 'TREAT' };
    return (await by.ledger.submit(transactions.requestApproval, words)).result as ApprovalsAsked;
  }

  async askOne(record: string): Promise<ApprovalRequest> {
    return (await this.ask(record)).requests[0]!;
  }

  /** Lakeside reads. @returns the basis or the code, and the access */
  async read(record: string): Promise<{ answer: string; access: string }> {
    const session = this.lakeSession;
    const { outcomes, transaction } = await this.lake.request({
      kind: 'read',
      session,
      record,
      purpose: 'TREAT',
    });
    const [outcome] = outcomes;
    const answer =
      outcome?.is === 'granted' ? outcome.basis : String(outcome && 'code' in outcome && outcome.code);
    return { answer, access: `${transaction}:0` };
  }

  async standing(request: string, by = this.river): Promise<ApprovalRequest> {
    return (await by.ledger.evaluate(queries.approvalRequest, request)) as ApprovalRequest;
  }

  async waiting(principal: string, after = '', by = this.river): Promise<Waiting> {
    return (await by.ledger.evaluate(queries.waiting, principal, after)) as Waiting;
  }

  async waitingFor(principal: string): Promise<string[]> {
    return (await this.waiting(principal)).requests.map(({ request }) => request);
  }

  async releasable(access: string): Promise<ReleasableAnswer> {
    const answer = await this.river.ledger.evaluate(queries.releasable, JSON.stringify([access]));
    return (answer as ReleasableAnswer[])[0]!;
  }
}
