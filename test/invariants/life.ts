import { randomBytes } from 'node:crypto';
import type { Ledger } from '@chartkey/gateway';
import { type AccessEntry, queries } from '@chartkey/vocabulary';
import { type Answer, accepted, sendStatement } from '../support/rest-answers.ts';
import { type RestDevice } from '../support/rest-device.ts';
import { type RestPatient } from '../support/rest-patient.ts';
import { ConsentModel, type ModelAsker, type ModelGrant, type Verdict } from './consent-model.ts';
import type { GrantStep, Step } from './random-histories.ts';

const hour = 3_600_000;
const instant = (milliseconds: number) => new Date(Date.now() + milliseconds).toISOString();

export interface Asker {
  device: RestDevice;
  model: ModelAsker;
}

/** One patient’s life: each step is done over REST and in the model, and the two must agree. */
export class Life {
  readonly model = new ConsentModel();
  /** what the log must hold, oldest first */
  readonly log: Partial<AccessEntry>[] = [];
  private readonly known: string[] = [];

  constructor(
    readonly patient: RestPatient,
    /** the recorder at Riverside, one at Lakeside, another device of Riverside, then those of no hospital */
    private readonly askers: readonly Asker[],
    private readonly ledger: Pick<Ledger, 'evaluate' | 'commitOf'>,
  ) {}

  async begin(): Promise<void> {
    const river = this.askers[0]!.device;
    this.grants({
      id: await this.patient.enrol(river),
      organisation: river.organisation.id,
      scope: 'all',
      actions: ['read', 'record'],
      purposes: ['TREAT'],
      span: 'now',
      usesLeft: 1,
      counted: false,
    });
  }

  async take(step: Step): Promise<void> {
    if (step.do === 'store') return this.store(step.at === 'river' ? 0 : 1, step.size);
    if (step.do === 'change') return this.change(step.record, step.size);
    if (step.do === 'grant') return this.grant(step.to, step.words);
    if (step.do === 'revoke') return this.revoke(step.which, step.through);
    return step.do === 'read' ? this.read(step) : this.list(step.by, step.purpose);
  }

  private grants(grant: ModelGrant): void {
    this.known.push(grant.id);
    this.model.grants.push(grant);
  }

  private async store(by: number, size: number): Promise<void> {
    const { device, model } = this.askers[by]!;
    const content = randomBytes(size);
    const answer = await device.store(this.patient.id, content);
    expect([answer.status, answer.code]).toEqual(recorded(this.model.record(model)));
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
    expect([answer.status, answer.code]).toEqual(recorded(this.model.record(model)));
    if (answer.status === 201) record.versions.push(content);
  }

  private async grant(to: number, words: GrantStep): Promise<void> {
    const { model } = this.askers[to % 3]!;
    const { narrowed, records, actions, purposes, span, maxUses } = words;
    const ids = records === 'all' ? [] : records.flatMap((one) => pick(this.model.records, one)?.id ?? []);
    const scope: ModelGrant['scope'] = ids.length === 0 ? 'all' : [...new Set(ids)];
    const who = {
      ...(narrowed === 'device' && { device: model.device }),
      ...(narrowed === 'practitioner' && { practitioner: model.practitioner }),
    };
    const id = await this.patient.grant(model.organisation, {
      grantee: who,
      scope: scope === 'all' ? 'all' : { records: scope },
      actions,
      purposes,
      ...(span === 'over' && { notAfter: instant(-hour) }),
      ...(span === 'to come' && { notBefore: instant(hour) }),
      ...(maxUses !== undefined && { maxUses }),
    });
    const counts = { usesLeft: maxUses ?? 1, counted: maxUses !== undefined };
    this.grants({ id, organisation: model.organisation, ...who, scope, actions, purposes, span, ...counts });
  }

  private async revoke(which: number, through: number): Promise<void> {
    const id = pick(this.known, which);
    if (id === undefined) return;
    const gateway = this.askers[through % this.askers.length]!.device.url;
    accepted(await sendStatement(gateway, this.patient.revocation(id)));
    this.model.revoke(id);
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
      ? { decision: 'denied' as const, code: verdict.code }
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
const pick = <Item>(items: readonly Item[], which: number): Item | undefined => items[which % items.length];
