/** What a random history does; keys and contacts are numbers, time is days. */
export type Step =
  | { is: 'add' | 'rotate'; by: number; fresh: number }
  | { is: 'remove'; by: number; key: number }
  | { is: 'freeze'; by: number; suspect?: number }
  | { is: 'unfreeze'; by: number; approvers: number[] }
  | { is: 'start'; by: number; lost: number[]; inPerson: boolean; fresh: number }
  | { is: 'confirm'; approvers: number[] }
  | { is: 'veto'; by: number }
  | { is: 'complete' }
  | { is: 'grant'; by: number }
  | { is: 'pass'; days: number };

/** Contacts 0 and 1 are persons, 2 is an institution: enough when two agree, or all where a veto came before. */
const enough = (agreed: Set<number>, all: boolean) =>
  agreed.size >= (all ? 3 : 2) && (agreed.has(0) || agreed.has(1));

interface Recovery {
  agreed: Set<number>;
  lost: Set<number>;
  fresh: number;
  isSecond: boolean;
  /** day of the last thing that happened to it */
  last: number;
  agreedOn?: number;
  vetoed: boolean;
}

/** The law of a patient's keys, told a second time and as plainly as can be. */
export class NaiveKeys {
  day = 0;
  keys = new Set([0, 1]);
  frozen: { by: number; suspects: Set<number> } | undefined;
  recovery: Recovery | undefined;
  vetoes = 0;
  probationUntil = -1;

  /** Answers whether the step is allowed, and takes it if so. */
  take(step: Step): boolean {
    if (step.is === 'pass') this.day += step.days;
    if (this.recovery && this.day > this.recovery.last + 30) this.recovery = undefined;
    switch (step.is) {
      case 'pass':
        return true;
      case 'start':
        return this.start(step);
      case 'confirm':
        return this.confirm(step.approvers);
      case 'complete':
        return this.complete();
      default:
        return this.keys.has(step.by) && this.sign(step);
    }
  }

  private sign(step: Extract<Step, { by: number }>): boolean {
    const { by } = step;
    const { recovery } = this;
    const isOverridden = recovery?.isSecond && !recovery.vetoed && recovery.lost.has(by);
    if (isOverridden && (recovery.agreedOn !== undefined || step.is === 'veto')) return false;
    const isOpenToSuspects = step.is === 'unfreeze' || step.is === 'veto';
    if (!isOpenToSuspects && this.frozen?.suspects.has(by)) return false;
    const mayWiden = !this.frozen && this.day > this.probationUntil;
    switch (step.is) {
      case 'add':
      case 'rotate':
        if (!mayWiden) return false;
        this.keys.add(step.fresh);
        if (step.is === 'rotate') this.keys.delete(by);
        if (recovery?.lost.has(by)) recovery.lost.add(step.fresh);
        return true;
      case 'grant':
        return mayWiden;
      case 'remove':
        return this.keys.size > 1 && this.keys.delete(step.key);
      case 'freeze':
        return this.freeze(by, step.suspect);
      case 'unfreeze':
        return this.unfreeze(by, step.approvers);
      default:
        if (!recovery || recovery.vetoed) return false;
        recovery.vetoed = true;
        recovery.last = this.day;
        this.vetoes += 1;
        return true;
    }
  }

  private freeze(by: number, suspect: number | undefined): boolean {
    const suspects = this.frozen?.suspects ?? new Set();
    if (this.frozen && (suspect === undefined || suspects.has(suspect))) return true;
    if (suspect !== undefined && !this.keys.has(suspect)) return false;
    if (suspect !== undefined) suspects.add(suspect);
    this.frozen = { by, suspects };
    return true;
  }

  private unfreeze(by: number, approvers: number[]): boolean {
    if (!this.frozen) return false;
    const { suspects } = this.frozen;
    const isSuspect = suspects.size > 0 ? suspects.has(by) : by === this.frozen.by;
    if (isSuspect && !enough(new Set(approvers), false)) return false;
    this.frozen = undefined;
    return true;
  }

  private start({ by, lost, inPerson, fresh }: Extract<Step, { is: 'start' }>): boolean {
    if (this.recovery?.agreedOn !== undefined && !this.recovery.vetoed) return false;
    const isSecond = this.vetoes > 0;
    if (isSecond && !(inPerson && by === 2)) return false;
    const named = { agreed: new Set([by]), lost: new Set(lost), fresh };
    this.recovery = { ...named, isSecond, last: this.day, vetoed: false };
    return true;
  }

  private confirm(approvers: number[]): boolean {
    const { recovery } = this;
    if (!recovery || recovery.vetoed || recovery.agreedOn !== undefined) return false;
    if (!enough(new Set([...recovery.agreed, ...approvers]), recovery.isSecond)) return false;
    recovery.agreedOn = this.day;
    recovery.last = this.day;
    return true;
  }

  private complete(): boolean {
    const { recovery } = this;
    if (recovery?.agreedOn === undefined || recovery.vetoed || this.day < recovery.agreedOn + 7) return false;
    for (const key of recovery.lost) this.keys.delete(key);
    this.keys.add(recovery.fresh);
    this.frozen = undefined;
    this.recovery = undefined;
    this.vetoes = 0;
    this.probationUntil = this.day + 30;
    return true;
  }
}
