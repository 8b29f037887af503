/** What a test believes of one patient, in plain words: written from ledger.md alone, none of our rules in it. */
export interface ModelGrant {
  id: string;
  organisation: string;
  device?: string | undefined;
  practitioner?: string | undefined;
  scope: 'all' | string[];
  actions: string[];
  purposes: string[];
  /** where its time span lies against now */
  span: 'now' | 'over' | 'to come';
  usesLeft: number;
  counted: boolean;
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
  purposes: string[];
}

export type Verdict = { code: string } | { basis: 'custodian' | 'grant'; used?: ModelGrant };

const misses = [
  'NO_GRANT',
  'ACTION_NOT_GRANTED',
  'PURPOSE_NOT_GRANTED',
  'GRANT_EXPIRED',
  'GRANT_NOT_YET_VALID',
  'USES_EXHAUSTED',
];

export class ConsentModel {
  readonly grants: ModelGrant[] = [];
  readonly records: ModelRecord[] = [];

  revoke(id: string): void {
    const at = this.grants.findIndex((grant) => grant.id === id);
    if (at >= 0) this.grants.splice(at, 1);
  }

  /** The answer to a read of a record, or to a list without one; a counted use is counted. */
  decide(asker: ModelAsker, purpose: string, record?: ModelRecord): Verdict {
    if (asker.kind !== 'hospital') return { code: 'KIND_NOT_ALLOWED' };
    if (!asker.purposes.includes(purpose)) return { code: 'PURPOSE_NOT_ALLOWED' };
    if (purpose === 'ETREAT') return { code: 'BREAK_GLASS_REQUIRED' };
    const { organisation } = asker;
    const isOwn = record
      ? record.custodian === organisation
      : this.records.some((one) => one.custodian === organisation);
    if (isOwn && purpose === 'TREAT') return { basis: 'custodian' };
    return counted(this.cover(asker, 'read', [purpose], record?.id));
  }

  /** The answer to a recording, which is a use too. */
  record(asker: ModelAsker): Verdict {
    return counted(this.cover(asker, 'record', asker.purposes));
  }

  /** What a list shows that was granted; the use it took itself does not count against it. */
  visibleTo(asker: ModelAsker, purpose: string, used?: ModelGrant): string[] {
    if (used?.counted) used.usesLeft += 1;
    const visible = this.records.filter(({ id, custodian }) => {
      const isOwn = custodian === asker.organisation && purpose === 'TREAT';
      return isOwn || !('code' in this.cover(asker, 'read', [purpose], id));
    });
    if (used?.counted) used.usesLeft -= 1;
    return visible.map(({ id }) => id);
  }

  private cover(asker: ModelAsker, action: string, purposes: string[], record?: string): Verdict {
    let nearest = 0;
    const covering: ModelGrant[] = [];
    for (const grant of this.grants) {
      const miss = missOf(grant, asker, action, purposes, record);
      if (miss === undefined) covering.push(grant);
      else nearest = Math.max(nearest, misses.indexOf(miss));
    }
    const used = covering.find(({ counted }) => !counted) ?? covering[0];
    return used ? { basis: 'grant', used } : { code: misses[nearest] ?? '' };
  }
}

function counted(verdict: Verdict): Verdict {
  if ('used' in verdict && verdict.used?.counted) verdict.used.usesLeft -= 1;
  return verdict;
}

function missOf(
  grant: ModelGrant,
  asker: ModelAsker,
  action: string,
  purposes: string[],
  record?: string,
): string | undefined {
  if (grant.organisation !== asker.organisation) return 'NO_GRANT';
  if (grant.device !== undefined && grant.device !== asker.device) return 'NO_GRANT';
  if (grant.practitioner !== undefined && grant.practitioner !== asker.practitioner) return 'NO_GRANT';
  if (record !== undefined && grant.scope !== 'all' && !grant.scope.includes(record)) return 'NO_GRANT';
  if (!grant.actions.includes(action)) return 'ACTION_NOT_GRANTED';
  if (!purposes.some((one) => grant.purposes.includes(one))) return 'PURPOSE_NOT_GRANTED';
  if (grant.span === 'to come') return 'GRANT_NOT_YET_VALID';
  if (grant.span === 'over') return 'GRANT_EXPIRED';
  return grant.usesLeft > 0 ? undefined : 'USES_EXHAUSTED';
}
