/** A part of an organisation, or the whole of it. */
export interface ModelPart {
  organisation: string;
  device?: string;
  practitioner?: string;
  role?: string;
}

/** What a test believes of one patient, in plain words: written from ledger.md alone, none of our rules in it. */
export interface ModelGrant {
  id: string;
  to: ModelPart | { treating: true; role?: string };
  records: 'all' | string[];
  except: string[];
  /** where the time from which its records must be made lies against now */
  madeFrom: 'past' | 'future';
  actions: string[];
  purposes: string[];
  /** where its time span lies against now */
  span: 'now' | 'over' | 'to come';
  usesLeft: number;
  counted: boolean;
  passOn: boolean;
  passedTo?: string;
}

export interface ModelDenial {
  id: string;
  who?: ModelPart;
  records?: string[];
}

export interface ModelRecord {
  id: string;
  custodian: string;
  versions: Buffer[];
}

export interface ModelAsker {
  organisation: string;
  kind: string;
  device: string;
  practitioner: string;
  role: string;
  purposes: string[];
}

export type Verdict = { code: string; ground?: string } | { basis: 'custodian' | 'grant'; used?: ModelGrant };

const misses = [
  'NO_GRANT',
  'TREATMENT_REQUIRED',
  'ACTION_NOT_GRANTED',
  'PURPOSE_NOT_GRANTED',
  'GRANT_EXPIRED',
  'GRANT_NOT_YET_VALID',
  'USES_EXHAUSTED',
];

export class ConsentModel {
  grants: ModelGrant[] = [];
  denials: ModelDenial[] = [];
  readonly records: ModelRecord[] = [];
  /** who froze the patient, and by which statement */
  frozen: { by: string; statement: string } | undefined;
  /** organisations whose treatment was declared, and is not over */
  readonly treating = new Set<string>();

  /** What was passed on from a grant goes with it. */
  revoke(id: string): void {
    const passed = this.grants.find((grant) => grant.id === id)?.passedTo;
    this.grants = this.grants.filter((grant) => grant.id !== id && grant.id !== passed);
  }

  /** The answer to a read of a record, or to a list without one; a counted use is counted. */
  decide(asker: ModelAsker, purpose: string, record?: ModelRecord): Verdict {
    return counted(this.wouldDecide(asker, purpose, record));
  }

  /** The same, without a use. */
  wouldDecide(asker: ModelAsker, purpose: string, record?: ModelRecord): Verdict {
    const { organisation } = asker;
    const isOwn = record
      ? record.custodian === organisation
      : this.records.some((one) => one.custodian === organisation);
    const treats = isOwn && purpose === 'TREAT';
    if (this.frozen && !treats && purpose !== 'ETREAT') {
      return { code: 'PATIENT_FROZEN', ground: this.frozen.statement };
    }
    if (asker.kind !== 'hospital') return { code: 'KIND_NOT_ALLOWED' };
    if (!asker.purposes.includes(purpose)) return { code: 'PURPOSE_NOT_ALLOWED' };
    if (treats) return { basis: 'custodian' };
    if (purpose === 'ETREAT') return { code: 'BREAK_GLASS_REQUIRED' };
    return this.deniedOrCovered(asker, 'read', [purpose], record?.id);
  }

  /** The answer to a recording, which is a use too. @param record its id; a new one's is nobody's yet */
  record(asker: ModelAsker, record: string): Verdict {
    if (this.frozen) return { code: 'PATIENT_FROZEN' };
    return counted(this.deniedOrCovered(asker, 'record', asker.purposes, record));
  }

  /** What a list shows that was granted; the use it took itself does not count against it. */
  visibleTo(asker: ModelAsker, purpose: string, used?: ModelGrant): string[] {
    if (used?.counted) used.usesLeft += 1;
    const visible = this.records.filter((record) => !('code' in this.wouldDecide(asker, purpose, record)));
    if (used?.counted) used.usesLeft -= 1;
    return visible.map(({ id }) => id);
  }

  private deniedOrCovered(
    asker: ModelAsker,
    action: string,
    purposes: string[],
    record: string | undefined,
  ): Verdict {
    for (const { id, who, records } of this.denials) {
      const isMeant = who === undefined || isPart(who, asker);
      const isNamed = records === undefined || (record !== undefined && records.includes(record));
      if (isMeant && isNamed) return { code: 'DENIED_BY_PATIENT', ground: id };
    }
    const toAll = this.grants.filter(({ to }) => 'treating' in to);
    const covering: ModelGrant[] = [];
    let nearest = 0;
    for (const grant of [...this.grants.filter((one) => !toAll.includes(one)), ...toAll]) {
      const miss = this.missOf(grant, asker, action, purposes, record);
      if (miss === undefined) covering.push(grant);
      else nearest = Math.max(nearest, misses.indexOf(miss));
    }
    const used = covering.find(({ counted }) => !counted) ?? covering[0];
    return used ? { basis: 'grant', used } : { code: misses[nearest] ?? '' };
  }

  private missOf(
    { to, records, except, madeFrom, ...grant }: ModelGrant,
    asker: ModelAsker,
    action: string,
    purposes: string[],
    record: string | undefined,
  ): string | undefined {
    const isToAll = 'treating' in to;
    if (isToAll ? (to.role ?? asker.role) !== asker.role : !isPart(to, asker)) return 'NO_GRANT';
    if (record !== undefined) {
      if (records !== 'all' && !records.includes(record)) return 'NO_GRANT';
      if (except.includes(record) || madeFrom === 'future') return 'NO_GRANT';
    }
    if (isToAll && !this.treating.has(asker.organisation)) return 'TREATMENT_REQUIRED';
    if (!grant.actions.includes(action)) return 'ACTION_NOT_GRANTED';
    if (!purposes.some((one) => grant.purposes.includes(one))) return 'PURPOSE_NOT_GRANTED';
    if (grant.span === 'to come') return 'GRANT_NOT_YET_VALID';
    if (grant.span === 'over') return 'GRANT_EXPIRED';
    return grant.usesLeft > 0 ? undefined : 'USES_EXHAUSTED';
  }
}

/** Is somebody of this part of an organisation? */
export function isPart(part: Partial<ModelPart>, asker: ModelAsker): boolean {
  return (['organisation', 'device', 'practitioner', 'role'] as const).every(
    (by) => part[by] === undefined || part[by] === asker[by],
  );
}

function counted(verdict: Verdict): Verdict {
  if ('used' in verdict && verdict.used?.counted) verdict.used.usesLeft -= 1;
  return verdict;
}
