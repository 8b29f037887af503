import { accepted, sendStatement } from '../support/rest-answers.ts';
import type { RestPatient } from '../support/rest-patient.ts';
import type { RestPractitioner } from '../support/rest-practitioner.ts';
import type { ConsentModel, ModelAsker, ModelGrant } from './consent-model.ts';
import { grantWords, hour, instant, partOf, pick, pickRecent } from './grant-words.ts';
import type { GrantStep, Person, Said } from './random-histories.ts';

/** Who has a part in a life, beside its askers. */
export interface Persons {
  patient: RestPatient;
  delegate: RestPatient;
  /** of the first asker of each hospital */
  practitioners: Record<'river' | 'lake', RestPractitioner>;
}

/** What is said in a patient's life: each statement over REST and in the model, which must agree. */
export class Sayings {
  /** grants and denials that ever were, by id */
  private readonly grants: string[] = [];
  private readonly denials: string[] = [];
  private delegation: string | undefined;

  constructor(
    private readonly persons: Persons,
    private readonly model: ConsentModel,
    private readonly askers: readonly ModelAsker[],
  ) {}

  /** @param id of the enrolment, which lets its recorder read and record */
  async begin(id: string, recorder: string): Promise<void> {
    const whole = { records: 'all' as const, except: [], madeFrom: 'past' as const, span: 'now' as const };
    const words = {
      actions: ['read', 'record'],
      purposes: ['TREAT'],
      usesLeft: 1,
      counted: false,
      passOn: false,
    };
    this.made({ id, to: { organisation: recorder }, ...whole, ...words });
    await this.take({ do: 'name' });
  }

  async take(step: Said): Promise<void> {
    const { model } = this;
    switch (step.do) {
      case 'grant':
        return this.grant(step.to, step.by, step.words);
      case 'revoke':
        return this.revoke(step.which, step.by, step.through);
      case 'deny':
        return this.deny(step);
      case 'lift':
        return this.lift(step.which, step.by);
      case 'freeze': {
        const statement = await this.says(step.by, { act: 'freeze' }, this.powerless(step.by));
        // a second one that names nobody changes nothing
        if (statement) model.frozen ??= { by: step.by, statement };
        return;
      }
      case 'unfreeze': {
        const isSame = model.frozen?.by === step.by;
        const refusal = this.powerless(step.by) ?? (model.frozen ? isSame && 'SUSPECT_KEY' : 'NOT_FROZEN');
        if (await this.orders(step.by, { act: 'unfreeze' }, refusal)) model.frozen = undefined;
        return;
      }
      case 'treat':
        return this.treat(step.at, step.span);
      case 'pass on':
        return this.passOn(step.which, step.from);
      case 'name': {
        if (this.delegation) return;
        const words = { person: this.persons.delegate.id, kind: 'carer', powers: ['grant'] };
        this.delegation = await this.orders('patient', { act: 'nameDelegate', ...words }, this.frozen());
        return;
      }
      case 'dismiss': {
        const { delegation } = this;
        // a frozen patient names nobody, so nobody could lift its own freeze any more
        if (model.frozen) return;
        if (delegation) await this.says('patient', { act: 'revokeDelegate', delegation }, undefined);
        this.delegation = undefined;
      }
    }
  }

  private made(grant: ModelGrant): void {
    this.grants.push(grant.id);
    this.model.grants.push(grant);
  }

  private async grant(to: number, by: Person, words: GrantStep): Promise<void> {
    const named = words.records === 'all' ? [] : this.recordsAt(words.records);
    const { says, grant } = grantWords(words, this.askers[to % 3]!, named, this.recordsAt(words.except));
    const id = await this.orders(by, says, this.powerless(by) ?? this.frozen());
    if (id) this.made({ id, ...grant });
  }

  private async revoke(which: number, by: Person, through: number): Promise<void> {
    const grant = pickRecent(this.grants, which);
    if (!grant) return;
    if (await this.says(by, { act: 'revokeConsent', grant }, this.powerless(by), through))
      this.model.revoke(grant);
  }

  private async deny({ who, narrowed, records, by }: Extract<Said, { do: 'deny' }>): Promise<void> {
    const part = who === undefined ? undefined : partOf(this.askers[who % 3]!, narrowed);
    const named = records === undefined ? [] : this.recordsAt(records);
    if (!part && named.length === 0) return;
    const what = named.length > 0 && { records: named };
    const says = { act: 'denyAccess', ...(part && { who: part }), ...(what && { what }) };
    const id = await this.orders(by, says, this.powerless(by));
    if (!id) return;
    this.denials.push(id);
    this.model.denials.push({ id, ...(part && { who: part }), ...what });
  }

  private async lift(which: number, by: Person): Promise<void> {
    const denial = pick(this.denials, which);
    if (!denial) return;
    const stands = this.model.denials.some(({ id }) => id === denial);
    const refusal = this.powerless(by) ?? this.frozen() ?? (!stands && 'DENIAL_UNKNOWN');
    if (!(await this.orders(by, { act: 'liftDenial', denial }, refusal))) return;
    this.model.denials = this.model.denials.filter(({ id }) => id !== denial);
  }

  private async treat(at: 'river' | 'lake', span: 'now' | 'over'): Promise<void> {
    const { practitioners, patient } = this.persons;
    const until = instant(span === 'now' ? hour : -hour);
    await practitioners[at].orders({ act: 'declareTreatment', patient: patient.id, until });
    const { organisation } = practitioners[at];
    if (span === 'now') this.model.treating.add(organisation.id);
    else this.model.treating.delete(organisation.id);
  }

  private async passOn(which: number, from: 'river' | 'lake'): Promise<void> {
    const passable = this.model.grants.filter((one) => one.passOn);
    const likely = which % 3 > 0 ? pickRecent(passable, which) : undefined;
    const grant = likely?.id ?? pickRecent(this.grants, which);
    if (!grant) return;
    const { practitioners, patient } = this.persons;
    const { river, lake } = practitioners;
    const isLakes = likely && !('treating' in likely.to) && likely.to.organisation === lake.organisation.id;
    const passing = isLakes ? lake : practitioners[from];
    const to = (passing === lake ? river : lake).organisation.id;
    const original = this.model.grants.find(({ id }) => id === grant);
    const asker = this.askers.find(({ practitioner }) => practitioner === passing.practitioner)!;
    const mayPass =
      original?.passOn &&
      !('treating' in original.to) &&
      original.to.organisation === asker.organisation &&
      (original.to.practitioner ?? asker.practitioner) === asker.practitioner &&
      (original.to.role ?? asker.role) === asker.role &&
      (original.to.device === undefined || original.to.practitioner !== undefined);
    const says = { act: 'passOn', patient: patient.id, grant, to };
    const refusal = this.frozen() ?? (!mayPass && 'PASS_ON_NOT_GRANTED');
    const id = await passing.tries(says, refusal);
    if (!id || !original || 'treating' in original.to) return;
    const { role } = original.to;
    this.made({ ...original, id, to: { organisation: to, ...(role && { role }) }, passOn: false });
    Object.assign(original, { passOn: false, passedTo: id });
  }

  /** A numbered statement. @returns its id; undefined when it was refused, as it had to be */
  private async orders(by: Person, payload: object, refusal: Refusal): Promise<string | undefined> {
    return this.persons[by].tries(this.about(by, payload), refusal || undefined);
  }

  /** A statement without a number, through any gateway. */
  private async says(
    by: Person,
    payload: object,
    refusal: Refusal,
    through = 0,
  ): Promise<string | undefined> {
    const person = this.persons[by];
    const { practitioners } = this.persons;
    const at = through % 2 === 0 ? practitioners.river : practitioners.lake;
    const text = person.says(this.about(by, payload));
    const answer = await sendStatement(at.organisation.url, text);
    expect(answer.code).toBe(refusal || '');
    // 200: the very same within a second changes nothing
    return refusal || answer.status === 200 ? undefined : String(accepted(answer)['id']);
  }

  private about(by: Person, payload: object) {
    return { ...payload, ...(by === 'delegate' && { patient: this.persons.patient.id }) };
  }

  private powerless(by: Person): string | undefined {
    return by === 'delegate' && !this.delegation ? 'NOT_A_DELEGATE' : undefined;
  }

  private frozen(): string | undefined {
    return this.model.frozen && 'PATIENT_FROZEN';
  }

  private recordsAt(which: number[]): string[] {
    return [...new Set(which.flatMap((one) => pick(this.model.records, one)?.id ?? []))];
  }
}

type Refusal = string | false | undefined;
