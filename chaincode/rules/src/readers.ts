import {
  type Basis,
  canonicalJson,
  type Device,
  type Genesis,
  type Grant,
  type Grantee,
  instantAt,
  type LiveOpening,
  millisecondsOf,
  type Patient,
  type Purpose,
  type Reader,
  type RecordState,
  type Relation,
  thumbprint,
} from '@chartkey/vocabulary';
import { type AccessDecision, decideAccess, decidePersonsAccess } from './access.ts';
import { isMiss, names, nearestMiss } from './coverage.ts';

/** What decides who could read one record now. */
export interface ReadersFacts {
  genesis: Genesis;
  standing: Patient;
  record: Pick<RecordState, 'record' | 'custodian' | 'labels' | 'madeAt'>;
  /** by organisation: what the patient and it have with each other; nothing for those left out */
  relations: ReadonlyMap<string, Relation>;
  /** by organisation: glass that was broken */
  openings?: ReadonlyMap<string, readonly LiveOpening[]>;
  /** ledger time, milliseconds */
  time: number;
}

/** The narrowings of a grantee. */
type Part = Omit<Extract<Grantee, { organisation: string }>, 'organisation'>;

/** One way in: a part of an organisation, what for, and the grant or opening it rests on, if any. */
interface Way {
  part: Part;
  purposes: readonly Purpose[];
  grant?: Grant;
  opening?: LiveOpening;
}

/**
 * Who could read a record now, and why: each member with every way it has, or with what stands in its way; the
 * patient, and each person who acts for it. By the law that decides an access, asked once for each way.
 */
export function readersOf(facts: ReadersFacts): Reader[] {
  const { genesis, standing } = facts;
  const persons = new Set([standing.patient, ...standing.delegates.map(({ person }) => person)]);
  return [
    ...genesis.organisations.flatMap(({ id }) => organisationsWays(facts, id)),
    ...[...persons].map((person) => ({ person, ...whyOf(decidedOfPerson(facts, person)) })),
  ];
}

function organisationsWays(facts: ReadersFacts, organisation: string): Reader[] {
  const readers: Reader[] = [];
  const refusals: AccessDecision[] = [];
  for (const way of waysOf(facts, organisation)) {
    for (const purpose of way.purposes) {
      const decision = decided(facts, organisation, way, purpose);
      if (decision.is === 'denied') {
        refusals.push(decision);
        continue;
      }
      const limits = limitsOf(facts, organisation, way, decision.basis);
      addWay(readers, { organisation, ...whyOf(decision), ...limits }, purpose);
    }
  }
  return readers.length > 0 ? readers : [{ organisation, ...whyOf(nearestRefusal(refusals)) }];
}

function waysOf({ standing, relations, openings, time }: ReadersFacts, organisation: string): Way[] {
  const { grants, approved = [] } = relations.get(organisation) ?? { grants: [] };
  const isOpen = ({ until }: LiveOpening) => time <= millisecondsOf(until);
  return [
    { part: {}, purposes: ['TREAT'] },
    ...approved.map(({ purpose }) => ({ part: {}, purposes: [purpose] })),
    ...grants.concat(standing.treating).map((grant) => ({
      part: partOf(grant.grantee),
      purposes: grant.purposes.filter((purpose) => purpose !== 'ETREAT'),
      grant,
    })),
    ...(openings?.get(organisation) ?? []).filter(isOpen).map((opening) => ({
      part: { practitioner: opening.practitioner, device: opening.device },
      purposes: ['ETREAT' as const],
      opening,
    })),
  ];
}

function partOf(grantee: Grantee): Part {
  if ('treating' in grantee) return grantee.role === undefined ? {} : { role: grantee.role };
  const { organisation: _whole, ...part } = grantee;
  return part;
}

/** The law's answer to this part of an organisation, were this its only way. */
function decided(facts: ReadersFacts, organisation: string, way: Way, purpose: Purpose): AccessDecision {
  const { genesis, standing, record, relations, time } = facts;
  const { part, grant, opening } = way;
  const { device = '', department, practitioner, role } = part;
  const grants = grant ? [grant] : [];
  const isToAll = grant !== undefined && 'treating' in grant.grantee;
  return decideAccess({
    ...{ genesis, record, time, isProven: true },
    item: { kind: 'read', purpose },
    session: { until: instantAt(time), purposes: [purpose], practitioner, role },
    device: { device, department, organisation, status: 'approved' } as Device,
    standing: { ...standing, treating: isToAll ? grants : [] },
    relation: { ...relations.get(organisation), grants: isToAll ? [] : grants },
    ...(opening && { openings: [opening] }),
  });
}

/** The part that a way is for, and the denials that shut out some of it. */
function limitsOf(
  { standing, record }: ReadersFacts,
  organisation: string,
  { part: narrowed }: Way,
  basis: Basis,
): Pick<Reader, 'narrowedTo' | 'except'> {
  const part = basis === 'grant' || basis === 'break-glass' ? narrowed : {};
  const shut = standing.denials.filter(({ who, what }) => {
    if (who === undefined || 'person' in who || who.organisation !== organisation) return false;
    return (what === undefined || names(what, record)) && mayOverlap(part, partOf(who));
  });
  const isDeniable = basis === 'grant' || basis === 'approval';
  return {
    ...(Object.keys(part).length > 0 && { narrowedTo: part }),
    ...(isDeniable && shut.length > 0 && { except: shut.map(({ denial }) => denial) }),
  };
}

/** May somebody be of both parts? */
function mayOverlap(one: Part, other: Part): boolean {
  const narrowings = ['department', 'role', 'device', 'practitioner'] as const;
  return narrowings.every((by) => one[by] === undefined || other[by] === undefined || one[by] === other[by]);
}

/** One entry for what differs by purpose alone. */
function addWay(readers: Reader[], way: Reader, purpose: Purpose): void {
  const same = readers.find(({ purposes: _all, ...one }) => canonicalJson(one) === canonicalJson(way));
  if (!same) readers.push({ ...way, purposes: [purpose] });
  else if (!same.purposes?.includes(purpose)) same.purposes?.push(purpose);
}

/** What stands in the way of all: what no grant could mend, else the nearest miss of the grants. */
function nearestRefusal(decisions: readonly AccessDecision[]): AccessDecision {
  const refusals = decisions.filter((one) => one.is === 'denied');
  const stands = refusals.find(({ code }) => !isMiss(code));
  return stands ?? { is: 'denied', code: nearestMiss(refusals.map(({ code }) => code).filter(isMiss)) };
}

/** By what this patient says of the person; whether its own keys are sound is the person's affair. */
function decidedOfPerson({ standing, record, time }: ReadersFacts, person: string): AccessDecision {
  const { frozen: _frozen, probation: _probation, ...sound } = standing;
  const reader = person === standing.patient ? standing : { ...sound, patient: person };
  const [first] = standing.keys;
  const session = { id: person, until: instantAt(time), key: first ? thumbprint(first.sig) : '' };
  const item = { purpose: 'PATRQT' as const };
  return decidePersonsAccess({ item, session, reader, standing, record, time });
}

function whyOf(decision: AccessDecision): Pick<Reader, 'basis' | 'code' | 'grant' | 'ground'> {
  const ground = decision.ground !== undefined && { ground: decision.ground };
  if (decision.is === 'denied') return { code: decision.code, ...ground };
  return { basis: decision.basis, ...(decision.grant && { grant: decision.grant.grant }), ...ground };
}
