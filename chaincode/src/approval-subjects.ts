import { type ApprovalStatement, stillGood } from '@chartkey/rules';
import { type ApprovalRequest, type ApprovalSubject, Failure } from '@chartkey/vocabulary';
import { checkIsByMaster, replaceMasterKey } from './master-keys.ts';
import type { RecordsTransaction } from './transaction.ts';

/** What a request's subject asks of each step, and what its end brings about beside the request itself. */
interface Behind {
  /** minutes that what was granted may be used */
  lasting?: number;
  /** once it is granted or refused */
  settle(request: ApprovalRequest): Promise<void>;
}

type Subject<Kind extends ApprovalSubject['kind']> = Extract<ApprovalSubject, { kind: Kind }>;
type Looks = {
  [Kind in ApprovalSubject['kind']]: (
    tx: RecordsTransaction,
    subject: Subject<Kind>,
    statement: ApprovalStatement,
  ) => Promise<Behind | undefined>;
};

/** Whoever asked for the others takes their approvals along, in a statement of its own. */
const nothing = async () => undefined;

const subjects: Looks = {
  access: behindAccess,
  recovery: nothing,
  unfreeze: nothing,
  'master-key': behindMasterKey,
};

/** What stands behind a request. @throws Failure what speaks against this step now */
export function behindOf<Kind extends ApprovalSubject['kind']>(
  tx: RecordsTransaction,
  subject: Subject<Kind>,
  statement: ApprovalStatement,
): Promise<Behind | undefined> {
  const look = subjects[subject.kind] as (typeof subjects)[Kind];
  return look(tx, subject, statement);
}

/**
 * The rule must still stand, and what is frozen is not opened further. What was approved is the asking
 * organisation's to read with from the next read on.
 * @throws Failure REQUEST_CLOSED, PATIENT_FROZEN
 */
async function behindAccess(
  { world, time }: RecordsTransaction,
  { patient, organisation, rule: id, record, purpose }: Subject<'access'>,
  { payload: { act } }: ApprovalStatement,
): Promise<Behind> {
  const standing = await world.patients.require(patient);
  const rule = standing.rules.find((one) => one.rule === id);
  if (!rule) throw new Failure('REQUEST_CLOSED');
  if (act === 'approve' && standing.frozen) throw new Failure('PATIENT_FROZEN');
  return {
    lasting: rule.lasting,
    async settle({ request, status, grantedUntil: until }) {
      const asked = (await world.asked.find(patient, organisation))?.requests ?? [];
      const requests = asked.filter((one) => one.request !== request);
      world.asked.put({ requests }, patient, organisation);
      if (status !== 'granted' || until === undefined) return;
      const relation = await world.relationOf(patient, organisation);
      const approved = stillGood(relation.approved, standing, time);
      approved.push({ request, rule: id, record, purpose, until });
      world.relations.put({ ...relation, approved }, patient, organisation);
    },
  };
}

/** Members' master keys themselves decide; the last one's word brings the new key in. @throws as `checkIsByMaster` */
async function behindMasterKey(
  tx: RecordsTransaction,
  _subject: Subject<'master-key'>,
  statement: ApprovalStatement,
): Promise<Behind> {
  await checkIsByMaster(tx, statement);
  return { settle: (request) => replaceMasterKey(tx, request) };
}
