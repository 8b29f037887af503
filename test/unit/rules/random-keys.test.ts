import { thumbprint } from '@chartkey/vocabulary';
import * as fc from 'fast-check';
import { share } from '../../support/share.ts';
import { NaiveKeys, type Step } from './naive-keys.ts';
import { type Somebody, type Spare, Town } from './town.ts';

const HISTORIES = share(400, 20);
const KEYS = 4;

const key = fc.nat(KEYS - 1);
const contact = fc.nat(2);
const approvers = fc.uniqueArray(contact, { maxLength: 3 });
const lost = fc.uniqueArray(key, { minLength: 1, maxLength: 4 });
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ is: fc.constantFrom('add' as const, 'rotate' as const), by: key, fresh: key }),
  fc.record({ is: fc.constant('remove' as const), by: key, key }),
  fc.record({ is: fc.constant('freeze' as const), by: key, suspect: key }, { requiredKeys: ['is', 'by'] }),
  fc.record({ is: fc.constant('unfreeze' as const), by: key, approvers }),
  fc.record({ is: fc.constant('start' as const), by: contact, lost, inPerson: fc.boolean(), fresh: key }),
  fc.record({
    is: fc.constant('start' as const),
    by: fc.constant(2),
    lost: fc.constant<number[]>([0, 1]),
    inPerson: fc.constant(true),
    fresh: key,
  }),
  fc.record({ is: fc.constant('confirm' as const), approvers }),
  fc.record({ is: fc.constant('confirm' as const), approvers: fc.constant<number[]>([0, 1, 2]) }),
  fc.record({ is: fc.constant('veto' as const), by: key }),
  fc.record({ is: fc.constant('complete' as const) }),
  fc.record({ is: fc.constant('grant' as const), by: key }),
  fc.record({ is: fc.constant('pass' as const), days: fc.constantFrom(1, 7, 7, 8, 8, 31) }),
);

/** A patient with three contacts, whose keys go by numbers: a number names the newest key that was made for it. */
class Patient {
  readonly town = new Town();
  readonly first = this.town.person();
  private readonly contacts = [this.town.person(), this.town.person(), this.town.organisation('LakesideMSP')];
  /** key that a number stands for, in the rules and in the reference */
  private readonly spares: Spare[] = [];
  private recovery = 'A'.repeat(43);
  private recovered: Spare | undefined;

  async begin(): Promise<void> {
    const contacts = this.contacts.map(({ iss }) =>
      iss.endsWith('MSP') ? { organisation: iss } : { person: iss },
    );
    await this.town.says(this.first, { act: 'nameContacts', contacts });
    this.spares[0] = { key: this.first.key, proof: '' };
    const { proof } = this.fresh(1);
    await this.town.says(this.first, { act: 'addKey', key: proof });
  }

  get keys(): string[] {
    return this.town.of(this.first).keys.map(({ sig }) => thumbprint(sig));
  }

  nameOf(number: number): string {
    return this.spare(number).key.id;
  }

  async take(step: Step): Promise<boolean> {
    const { town } = this;
    switch (step.is) {
      case 'pass':
        town.pass(step.days);
        return true;
      case 'add':
      case 'rotate': {
        const { key } = this.spare(step.by);
        const { proof } = this.fresh(step.fresh);
        return this.says(key, { act: `${step.is}Key`, key: proof });
      }
      case 'remove':
        return this.does(step.by, { act: 'removeKey', key: this.nameOf(step.key) });
      case 'freeze': {
        const { suspect } = step;
        return this.does(step.by, {
          act: 'freeze',
          ...(suspect !== undefined && { suspect: this.nameOf(suspect) }),
        });
      }
      case 'unfreeze': {
        const freeze = town.of(this.first).frozen?.statement ?? 'A'.repeat(43);
        const approvals = await this.approvals(step.approvers, { kind: 'unfreeze', freeze });
        return this.does(step.by, { act: 'unfreeze', ...(approvals.length > 0 && { approvals }) });
      }
      case 'veto':
        return this.does(step.by, { act: 'vetoRecovery', recovery: this.recovery });
      case 'grant':
        return this.does(step.by, { act: 'setEmergencyCard', record: 'r'.repeat(26) });
      case 'start':
        return this.start(step);
      case 'confirm': {
        const approvals = await this.approvals(step.approvers, { kind: 'recovery', recovery: this.recovery });
        if (approvals.length === 0) approvals.push(await this.unrelated());
        return this.finishes({ act: 'confirmRecovery', recovery: this.recovery, approvals });
      }
      case 'complete':
        return this.finishes({ act: 'completeRecovery', recovery: this.recovery });
    }
  }

  private async start({ by, lost, inPerson, fresh }: Extract<Step, { is: 'start' }>): Promise<boolean> {
    const named = lost.map((number) => this.nameOf(number));
    const spare = this.fresh(fresh);
    const words = {
      act: 'startRecovery',
      patient: this.first.iss,
      key: spare.proof,
      lost: named,
      ...(inPerson && { inPerson }),
    };
    try {
      this.recovery = await this.town.says(this.contacts[by] as Somebody, words);
      this.recovered = spare;
      return true;
    } catch {
      return false;
    }
  }

  private finishes(words: object): Promise<boolean> {
    return this.says((this.recovered ?? this.spare(0)).key, words);
  }

  private does(by: number, words: object): Promise<boolean> {
    return this.says(this.spare(by).key, words);
  }

  private async says(key: Spare['key'], words: object): Promise<boolean> {
    return (await this.town.code({ iss: this.first.iss, key }, words)) === 'accepted';
  }

  private approvals(
    by: readonly number[],
    subject: { kind: 'unfreeze'; freeze: string } | { kind: 'recovery'; recovery: string },
  ): Promise<string[]> {
    const whole = { ...subject, patient: this.first.iss };
    return Promise.all(by.map((number) => this.town.approve(this.contacts[number] as Somebody, whole)));
  }

  private unrelated(): Promise<string> {
    const subject = { kind: 'unfreeze' as const, patient: this.first.iss, freeze: 'A'.repeat(43) };
    return this.town.approve(this.contacts[0] as Somebody, subject);
  }

  private spare(number: number): Spare {
    this.spares[number] ??= this.town.spare(this.first.iss);
    return this.spares[number];
  }

  /** A key that a step brings: one that nobody has seen before. */
  private fresh(number: number): Spare {
    this.spares[number] = this.town.spare(this.first.iss);
    return this.spares[number];
  }
}

test(`in ${HISTORIES} random histories the rules do what their plain retelling says, and a patient is never without a key`, async () => {
  const seen = new Set<string>();
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 60, maxLength: 120 }), async (steps) => {
      const patient = new Patient();
      await patient.begin();
      const naive = new NaiveKeys();
      let made = KEYS;
      // numbers of the reference: one of its own for each key that was ever made
      const numbers = new Map([0, 1].map((number) => [patient.nameOf(number), number]));
      const numberOf = (number: number) => {
        const name = patient.nameOf(number);
        if (!numbers.has(name)) numbers.set(name, made++);
        return numbers.get(name) ?? -1;
      };
      for (const one of steps) {
        const before = renumbered(one, numberOf);
        const wasLive =
          'by' in one && one.is !== 'start' ? patient.keys.includes(patient.nameOf(one.by)) : true;
        const isSecond = naive.recovery?.isSecond === true;
        const accepted = await patient.take(one);
        // a fresh key has its name only now
        const plain =
          'fresh' in before && 'fresh' in one ? { ...before, fresh: numberOf(one.fresh) } : before;
        expect([one, accepted]).toEqual([one, naive.take(plain)]);
        if (accepted) seen.add(one.is).add(isSecond ? `${one.is} in a second attempt` : one.is);
        if (!wasLive) expect(accepted).toBe(false);
        expect(patient.keys.length).toBeGreaterThan(0);
        const known = patient.keys.map((name) => numbers.get(name) ?? -1);
        expect(new Set(known)).toEqual(naive.keys);
      }
      expect(patient.town.of(patient.first).patient).toBe(patient.first.iss);
    }),
    { numRuns: HISTORIES, seed: Number(process.env.SEED ?? 20_260_601) },
  );
  // random histories that come to nothing would show nothing
  for (const one of [
    'add',
    'rotate',
    'remove',
    'freeze',
    'unfreeze',
    'start',
    'confirm',
    'veto',
    'complete',
  ]) {
    expect(seen).toContain(one);
  }
  expect(seen).toContain('complete in a second attempt');
});

/** A step with the numbers of the reference. */
function renumbered(step: Step, numberOf: (number: number) => number): Step {
  switch (step.is) {
    case 'start':
      return { ...step, lost: step.lost.map(numberOf) };
    case 'remove':
      return { ...step, by: numberOf(step.by), key: numberOf(step.key) };
    case 'freeze':
      return {
        ...step,
        by: numberOf(step.by),
        ...(step.suspect !== undefined && { suspect: numberOf(step.suspect) }),
      };
    default:
      return 'by' in step ? { ...step, by: numberOf(step.by) } : step;
  }
}
