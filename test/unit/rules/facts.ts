import { type AccessFacts, decideAccess } from '@chartkey/rules';
import type { Denial, Device, Genesis, Grant, Patient, RecordState, Session } from '@chartkey/vocabulary';

/** The moment of every decision here: noon. */
export const noon = Date.parse('2026-06-01T12:00:00.000Z');
/** Milliseconds from noon as an instant. */
export const noonAnd = (milliseconds: number) => new Date(noon + milliseconds).toISOString();
export const minute = 60_000;

const member = (id: string, kind: string) => ({ id, kind }) as Genesis['organisations'][number];
export const genesis = {
  organisations: [
    member('Lake', 'hospital'),
    member('River', 'hospital'),
    member('Hill', 'hospital'),
    member('Crown', 'regulator'),
    member('Cover', 'third-party'),
  ],
} as Genesis;

export const session = {
  session: 's',
  subject: 'device',
  id: 'device',
  startedBy: 'Lake',
  practitioner: 'mara',
  role: 'physician',
  purposes: ['TREAT', 'HRESCH', 'ETREAT'],
  until: noonAnd(5 * minute),
} as Session;
/** Lakeside's, in cardiology. */
export const device = {
  device: 'device',
  organisation: 'Lake',
  status: 'approved',
  department: 'cardiology',
} as Device;
/** A record at Riverside, made an hour ago, under one label. */
export const record: RecordState = {
  record: 'r1',
  patient: 'p',
  custodian: 'River',
  newest: 1,
  commitment: 'c',
  madeAt: noonAnd(-60 * minute),
  labels: ['psychiatry'],
};

/** A patient about whom nothing but this stands. */
export const standing = (change: Partial<Patient> = {}): Patient => ({
  patient: 'p',
  enrolledBy: 'River',
  enrolledAt: noonAnd(-1e9),
  statement: 'enrolment',
  links: 1,
  keys: [],
  denials: [],
  rules: [],
  treating: [],
  delegates: [],
  locks: [],
  vetoes: 0,
  ...change,
});

/** Everything to Lakeside, to read for treatment, but for the change. */
export const grant = (change: Partial<Grant> = {}): Grant => ({
  grant: 'g',
  grantee: { organisation: 'Lake' },
  scope: 'all',
  actions: ['read'],
  purposes: ['TREAT'],
  uses: 0,
  ...change,
});
export const never = (words: Omit<Denial, 'denial'>, denial = 'never'): Denial => ({ denial, ...words });

/** Whatever may be said of an access in a case: grants, denials and the declared treatment in short. */
export interface Case extends Partial<AccessFacts> {
  grants?: Grant[];
  denials?: Denial[];
  /** grants to everybody treating */
  treating?: Grant[];
  treatedUntil?: string;
}

/** Lakeside's device asks at noon to read Riverside's record for treatment, but for what the case says. */
export function factsOf({
  grants = [],
  denials = [],
  treating = [],
  treatedUntil,
  ...change
}: Case = {}): AccessFacts {
  const treatment = treatedUntil !== undefined && { statement: 'declared', until: treatedUntil };
  return {
    item: { kind: 'read', purpose: 'TREAT' },
    session,
    device,
    genesis,
    record,
    relation: { grants, ...(treatment && { treatment }) },
    time: noon,
    standing: standing({ denials, treating }),
    ...change,
  };
}

/** The decision in one word: the grant, or another basis with its ground, or the refusal's code with its ground. */
export function verdictOn(facts: AccessFacts): string {
  const decision = decideAccess(facts);
  const ground = decision.ground === undefined ? '' : ` ${decision.ground}`;
  if (decision.is === 'denied') return `${decision.code}${ground}`;
  return decision.grant ? `grant ${decision.grant.grant}` : `${decision.basis}${ground}`;
}

export const verdict = (facts: Case) => verdictOn(factsOf(facts));
