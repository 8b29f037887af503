import { randomBytes } from 'node:crypto';
import type { Ledger } from '@chartkey/gateway';
import { type AccessEntry, queries } from '@chartkey/vocabulary';
import { type Answer } from '../support/rest-answers.ts';
import { type RestDevice } from '../support/rest-device.ts';
import { type RestPatient } from '../support/rest-patient.ts';
import { ConsentModel, type ModelAsker, type Verdict } from './consent-model.ts';
import { pick } from './grant-words.ts';
import type { Step } from './random-histories.ts';
import { type Persons, Sayings } from './said.ts';
import { expectTold, type Told } from './told.ts';

export interface Asker {
  device: RestDevice;
  model: ModelAsker;
}

/** One patient’s life: each step is done over REST and in the model, and the two must agree. */
export class Life {
  readonly model = new ConsentModel();
  readonly patient: RestPatient;
  /** what the log must hold, oldest first */
  readonly log: Partial<AccessEntry>[] = [];
  private readonly sayings: Sayings;
  private said = 0;

  constructor(
    persons: Persons,
    /** the recorder at Riverside, one at Lakeside, another device of Riverside, then those of no hospital */
    private readonly askers: readonly Asker[],
    private readonly ledger: Pick<Ledger, 'evaluate' | 'commitOf'>,
  ) {
    this.patient = persons.patient;
    const models = askers.map(({ model }) => model);
    this.sayings = new Sayings(persons, this.model, models);
  }

  async begin(): Promise<void> {
    const river = this.askers[0]!.device;
    await this.sayings.begin(await this.patient.enrol(river), river.organisation.id);
  }

  async take(step: Step): Promise<void> {
    switch (step.do) {
      case 'store':
        return this.store(step.at === 'river' ? 0 : 1, step.size);
      case 'change':
        return this.change(step.record, step.size);
      case 'read':
        return this.read(step);
      case 'list':
        return this.list(step.by, step.purpose);
      case 'ask':
        return this.ask(step.record);
      default:
        await this.sayings.take(step);
        this.said += 1;
        return this.ask(this.said);
    }
  }

  /** Looked at from all sides: each record, and what each hospital's devices see of all. */
  async end(): Promise<void> {
    for (const which of this.model.records.keys()) await this.ask(which);
    for (const [by, { model }] of this.askers.entries()) {
      if (model.kind === 'hospital') for (const purpose of model.purposes) await this.list(by, purpose);
    }
  }

  private async store(by: number, size: number): Promise<void> {
    const { device, model } = this.askers[by]!;
    const content = randomBytes(size);
    const answer = await device.store(this.patient.id, content);
    expect([answer.status, answer.code]).toEqual(recorded(this.model.record(model, 'a new one')));
    if (answer.status !== 201) return;
    const id = String(answer.json['record']);
    this.model.records.push({ id, custodian: model.organisation, versions: [content] });
  }

  private async change(which: number, size: number): Promise<void> {
    const record = pick(this.model.records, which);
    if (!record) return;
    const { device, model } = this.askers.find(({ model }) => model.organisation === record.custodian)!;
    const content = randomBytes(size);
    const answer = await device.storeVersion(record.id, record.versions.length, content);
    expect([answer.status, answer.code]).toEqual(recorded(this.model.record(model, record.id)));
    if (answer.status === 201) record.versions.push(content);
  }

  private async read({ by, record: which, version, purpose, range }: Extract<Step, { do: 'read' }>) {
    const record = pick(this.model.records, which);
    if (!record) return;
    const { device, model } = this.askers[by % this.askers.length]!;
    const wanted = version === 0 ? undefined : 1 + (version % record.versions.length);
    const answer = await device.read(record.id, {
      purpose,
      ...(wanted !== undefined && { version: wanted }),
      ...(range && { range: 'bytes=0-99' }),
    });
    const served = wanted ?? record.versions.length;
    const about = { kind: 'read' as const, record: record.id, version: served };
    const verdict = await this.check(
      model,
      purpose,
      answer,
      about,
      this.model.decide(model, purpose, record),
    );
    if ('code' in verdict) return;
    const content = record.versions[served - 1]!;
    if (answer.status === 416) return expect(content).toHaveLength(0);
    expect([answer.status, answer.cut]).toEqual([range ? 206 : 200, false]);
    expect(answer.bytes.equals(range ? content.subarray(0, 100) : content)).toBe(true);
  }

  private async list(by: number, purpose: string): Promise<void> {
    const { device, model } = this.askers[by % this.askers.length]!;
    const verdict = this.model.decide(model, purpose);
    const answer = await device.list(this.patient.id, purpose);
    await this.check(model, purpose, answer, { kind: 'list' }, verdict);
    if ('code' in verdict) return;
    const shown = (answer.json['items'] as { record: string }[]).map(({ record }) => record);
    expect(shown.sort()).toEqual(this.model.visibleTo(model, purpose, verdict.used).sort());
  }

  /** What the patient is told of who could read, now and without one of its grants, is what the model decides. */
  private async ask(which: number): Promise<void> {
    const record = pick(this.model.records, which);
    if (!record) return;
    const models = this.askers.map(({ model }) => model);
    const path = `/v1/patients/${this.patient.id}/readers?record=${record.id}`;
    const { json } = await this.patient.ask(path);
    const readers = json['readers'] as Told[];
    expectTold(readers, this.model, record, models);
    const grant = pick(this.model.grants, which);
    if (!grant) return;
    const answer = (await this.patient.ask(`${path}&without=${grant.id}`)).json['without'];
    const { lost, gained } = answer as { lost: Told[]; gained: Told[] };
    const lostTexts = lost.map((one) => JSON.stringify(one));
    const kept = readers.filter((one) => !lostTexts.includes(JSON.stringify(one)));
    const then = Object.assign(new ConsentModel(), structuredClone(this.model));
    then.revoke(grant.id);
    expectTold([...kept, ...gained], then, record, models);
  }

  /** The answer is the model's, and its entry on the ledger says the same. */
  private async check(
    model: ModelAsker,
    purpose: string,
    answer: Answer,
    about: Partial<AccessEntry>,
    verdict: Verdict,
  ): Promise<Verdict> {
    const refused = 'code' in verdict;
    if (refused) expect([answer.status, answer.code]).toEqual([403, verdict.code]);
    else expect([200, 206, 416]).toContain(answer.status);
    const { organisation, device, practitioner } = model;
    const decision = refused
      ? { decision: 'denied' as const, code: verdict.code, ...(verdict.ground && { ground: verdict.ground }) }
      : {
          decision: 'granted' as const,
          basis: verdict.basis,
          ...(verdict.used && { grant: verdict.used.id }),
        };
    const who = { patient: this.patient.id, organisation, device, practitioner, purpose };
    const expected = { ...about, ...who, ...decision } as Partial<AccessEntry>;
    // A range that cannot be met is answered without naming the access that was logged for it.
    if (answer.status === 416) {
      this.log.push(expected);
      return verdict;
    }
    // Another organisation's peer may have it later than the one that answered.
    await this.ledger.commitOf(answer.access.slice(0, 64), 5_000);
    const entry = await this.ledger.evaluate(queries.access, answer.access);
    expect(entry).toMatchObject({ ...expected, access: answer.access });
    this.log.push({ ...expected, access: answer.access });
    return verdict;
  }
}

const recorded = (verdict: Verdict) => ('code' in verdict ? [403, verdict.code] : [201, '']);
