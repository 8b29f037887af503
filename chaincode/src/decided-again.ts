import {
  type AccessDecision,
  decideAccess,
  decidePersonsAccess,
  findApproved,
  isTreatingCustodian,
  rulesOn,
} from '@chartkey/rules';
import type {
  AccessEntry,
  ApprovalRequest,
  Patient,
  RecordState,
  Relation,
  Releasable,
} from '@chartkey/vocabulary';
import { emergencyFacts } from './emergency-facts.ts';
import type { RecordsTransaction } from './transaction.ts';

type Evidence = Pick<
  Releasable,
  'links' | 'readerLinks' | 'approval' | 'renewal' | 'treatment' | 'requests' | 'opening'
>;

const NO_RELATION: Relation = { grants: [] };

/** An entry decided afresh on current state, and what a custodian needs to prove it from statements. */
export async function decidedAgain(
  tx: RecordsTransaction,
  entry: AccessEntry & { until: string },
  record: RecordState,
): Promise<{ decision: AccessDecision; evidence: Evidence }> {
  const { world } = tx;
  if (entry.device === undefined) {
    const [standing, reader] = await Promise.all([
      world.patients.require(record.patient),
      world.patients.require(entry.person ?? ''),
    ]);
    const { links } = standing;
    const key = entry.recipient ?? '';
    const session = { id: reader.patient, until: entry.until, key };
    const item = { purpose: entry.purpose };
    const decision = decidePersonsAccess({ item, session, reader, standing, record, time: tx.time });
    const isDelegate = reader.patient !== standing.patient;
    return { decision, evidence: { links, ...(isDelegate && { readerLinks: reader.links }) } };
  }
  const { until, practitioner, role, purpose, kind, organisation } = entry;
  const item = { kind, purpose };
  const isTreating = isTreatingCustodian({ item, device: { organisation }, record });
  const [standing, device, { genesis }, relation] = await Promise.all([
    world.patients.require(record.patient),
    world.devices.require(entry.device),
    tx.network(),
    isTreating ? NO_RELATION : world.relationOf(record.patient, organisation),
  ]);
  const { links } = standing;
  const asked = { item, device, record };
  const emergency = purpose === 'ETREAT' ? await emergencyFacts(tx, record.patient, organisation, entry) : {};
  const decision = decideAccess({
    ...asked,
    session: { until, practitioner, role, purposes: [purpose] },
    genesis,
    ...withoutOwnUse(entry, standing, relation),
    ...emergency,
    isProven: entry.recipient !== undefined,
    time: tx.time,
  });
  const { treatment } = relation;
  const { renewal } = device;
  return {
    decision,
    evidence: {
      links,
      approval: device.statement,
      ...(renewal !== undefined && { renewal }),
      ...(treatment && { treatment: treatment.statement }),
      ...(await groundOf(tx, entry, { standing, relation, record })),
    },
  };
}

/** The entry's own use stands in the count already. */
function withoutOwnUse(entry: AccessEntry, standing: Patient, relation: Relation) {
  const uncounted = (grants: Relation['grants']) =>
    grants.map((one) =>
      one.grant === entry.grant && one.maxUses !== undefined ? { ...one, uses: one.uses - 1 } : one,
    );
  return {
    standing: { ...standing, treating: uncounted(standing.treating) },
    relation: { ...relation, grants: uncounted(relation.grants) },
  };
}

/** For several rules of one record several requests: each that satisfies one of them now. */
async function groundOf(
  { world, time }: RecordsTransaction,
  { basis, ground = '', purpose }: AccessEntry,
  { standing, relation, record }: { standing: Patient; relation: Relation; record: RecordState },
): Promise<Pick<Evidence, 'requests' | 'opening'>> {
  if (basis === 'break-glass') return { opening: await world.openings.require(ground) };
  if (basis !== 'approval') return {};
  const requests: ApprovalRequest[] = [];
  for (const { rule } of rulesOn(standing, record)) {
    const asked = { rule, record: record.record, purposes: [purpose], time };
    const approved = findApproved(relation.approved, asked);
    if (approved) requests.push(await world.approvalRequests.require(approved.request));
  }
  return { requests };
}
