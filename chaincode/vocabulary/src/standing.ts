import * as z from 'zod';
import {
  Base32Id,
  Instant,
  OrganisationId,
  Sha256Text,
  StatementId,
  Thumbprint,
  TransactionId,
} from './ids.ts';
import { P256Key } from './keys.ts';
import { Approver, Denied, Grantee, Named, Scope } from './statement.ts';
import { Action, DelegateKind, Power, Purpose, RefusalReason } from './words.ts';

/** The facts of a grant that a decision needs; its words are in the statement of the same id. */
export const Grant = z.object({
  grant: StatementId,
  grantee: Grantee,
  scope: Scope,
  actions: z.array(Action),
  purposes: z.array(Purpose),
  notBefore: Instant.optional(),
  notAfter: Instant.optional(),
  maxUses: z.number().optional(),
  uses: z.number(),
  /** may be passed on; gone once it was */
  passOn: z.literal(true).optional(),
  /** the grant that this one was passed on from */
  from: StatementId.optional(),
  /** whom it was passed on to */
  passedTo: z.object({ organisation: OrganisationId, grant: StatementId }).optional(),
});
export type Grant = z.infer<typeof Grant>;

/** What was approved by k of n: a basis of its own beside grants. Or what is asked for, until when it may be approved. */
export const Approved = z.object({
  request: Sha256Text,
  rule: StatementId,
  record: Base32Id,
  purpose: Purpose,
  until: Instant,
});
export type Approved = z.infer<typeof Approved>;

/** What one patient and one organisation have with each other: read together. */
export const Relation = z.object({
  grants: z.array(Grant),
  /** the organisation declared that it treats the patient */
  treatment: z.object({ statement: StatementId, until: Instant }).optional(),
  approved: z.array(Approved).optional(),
});
export type Relation = z.infer<typeof Relation>;

export const PersonKey = z.object({
  sig: P256Key,
  enc: P256Key,
  /** the statement that brought it */
  statement: StatementId,
  since: Instant,
});
export type PersonKey = z.infer<typeof PersonKey>;

export const Denial = z.object({ denial: StatementId, who: Denied.optional(), what: Named.optional() });
export type Denial = z.infer<typeof Denial>;

export const Rule = z.object({
  rule: StatementId,
  on: Named,
  of: z.array(Approver),
  need: z.number(),
  within: z.number(),
  lasting: z.number(),
});
export type Rule = z.infer<typeof Rule>;

export const Delegate = z.object({
  delegation: StatementId,
  person: Thumbprint,
  kind: DelegateKind,
  powers: z.array(Power),
  notBefore: Instant.optional(),
  notAfter: Instant.optional(),
  /** of a proxy or executor: the practitioners who attested, `organisation practitioner` each */
  attested: z.array(z.string()),
});
export type Delegate = z.infer<typeof Delegate>;

export const Lock = z.object({ lock: StatementId, what: z.union([z.literal('all'), Named]) });
export type Lock = z.infer<typeof Lock>;

/** Who helps when every key is lost. */
export const Contacts = z.object({
  statement: StatementId,
  contacts: z.array(Approver),
  outside: OrganisationId.optional(),
});
export type Contacts = z.infer<typeof Contacts>;

/**
 * What stands about a patient, in one value: what every access must read, and what its next statement is
 * checked against. Made from statements alone, one link of its chain after the other.
 */
export const Patient = z.object({
  patient: Thumbprint,
  enrolledBy: OrganisationId,
  enrolledAt: Instant,
  /** the enrolling statement's id */
  statement: StatementId,
  /** statements that shaped this value: its chain is this long */
  links: z.number(),
  /** those that sign now */
  keys: z.array(PersonKey),
  frozen: z
    .object({
      statement: StatementId,
      /** the key, or the delegate, that froze */
      by: Thumbprint,
      /** keys and delegates that may be stolen: they sign nothing meanwhile */
      suspects: z.array(Thumbprint).optional(),
    })
    .optional(),
  denials: z.array(Denial),
  rules: z.array(Rule),
  /** grants to everybody treating */
  treating: z.array(Grant),
  delegates: z.array(Delegate),
  locks: z.array(Lock),
  card: Base32Id.optional(),
  contacts: Contacts.extend({
    /** those that these take the place of, and until when they stand in their stead */
    former: Contacts.extend({ until: Instant }).optional(),
  }).optional(),
  recovery: z
    .object({
      recovery: StatementId,
      /** the contact that started it, which counts as agreed */
      by: Approver,
      sig: P256Key,
      enc: P256Key,
      /** keys and delegates that it takes away */
      lost: z.array(Thumbprint),
      attempt: z.number(),
      startedAt: Instant,
      /** when enough contacts had agreed: the window runs from here */
      agreedAt: Instant.optional(),
      vetoedAt: Instant.optional(),
    })
    .optional(),
  /** recoveries vetoed since the contacts were named */
  vetoes: z.number(),
  /** until then a recovered key may revoke and read, but not widen */
  probation: Instant.optional(),
});
export type Patient = z.infer<typeof Patient>;

/** One link of a patient's chain. */
export const Link = z.object({ statement: StatementId });
export type Link = z.infer<typeof Link>;

/** What a request for approvals is about; its fingerprint is the SHA-256 of its canonical JSON. */
export const ApprovalSubject = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('access'),
    patient: Thumbprint,
    record: Base32Id,
    rule: StatementId,
    organisation: OrganisationId,
    purpose: Purpose,
    /** the transaction that asked */
    asked: TransactionId,
    /** approvals count within the rule's minutes from here on: every approver signs this too */
    openedAt: Instant,
  }),
  z.strictObject({ kind: z.literal('recovery'), patient: Thumbprint, recovery: StatementId }),
  z.strictObject({ kind: z.literal('unfreeze'), patient: Thumbprint, freeze: StatementId }),
  z.strictObject({
    kind: z.literal('master-key'),
    organisation: OrganisationId,
    replacement: StatementId,
  }),
]);
export type ApprovalSubject = z.infer<typeof ApprovalSubject>;

/** A request that k of n must approve: pending until then, each step on the ledger. */
export const ApprovalRequest = z.object({
  request: Sha256Text,
  subject: ApprovalSubject,
  need: z.number(),
  of: z.array(Approver),
  /** one of these must be among them */
  must: z.array(Approver).optional(),
  openedAt: Instant,
  until: Instant,
  /** `lapsed`: past its time, or its rule was lifted, before enough had signed */
  status: z.enum(['pending', 'granted', 'refused', 'lapsed']),
  approvals: z.array(z.object({ by: Approver, statement: StatementId, at: Instant })),
  refusals: z.array(z.object({ by: Approver, statement: StatementId, at: Instant, reason: RefusalReason })),
  /** of a granted access */
  grantedUntil: Instant.optional(),
});
export type ApprovalRequest = z.infer<typeof ApprovalRequest>;

/** What the rules of a record ask for, one request each; `repeated` when all of them stood already. */
export const ApprovalsAsked = z.object({ requests: z.array(ApprovalRequest).min(1), repeated: z.boolean() });
export type ApprovalsAsked = z.infer<typeof ApprovalsAsked>;
/** A page of what waits for somebody, by fingerprint; `next` is the cursor of the one after. */
export const Waiting = z.object({ requests: z.array(ApprovalRequest), next: Sha256Text.optional() });
export type Waiting = z.infer<typeof Waiting>;
