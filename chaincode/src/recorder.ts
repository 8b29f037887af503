import { basisOf, decidePersonsRecording, memberOf } from '@chartkey/rules';
import { Failure, type Member, type Patient, type RecordState, type Session } from '@chartkey/vocabulary';
import { countUse } from './count-use.ts';
import type { Asker, RecordsTransaction } from './transaction.ts';

/** Who records, and the organisation that keeps it: its own device, or a person through its gateway. */
export type Recorder = { author: string; member: Member; session: Session } & (
  | { is: 'device'; asker: Asker }
  | { is: 'person'; person: Patient }
);

/** @throws Failure SESSION_UNKNOWN, SESSION_FOREIGN, SESSION_EXPIRED, DEVICE_REVOKED, DEVICE_EXPIRED, PATIENT_UNKNOWN */
export async function recorderOf(tx: RecordsTransaction, id: string): Promise<Recorder> {
  const session = await tx.world.sessions.require(id);
  if (session.startedBy !== tx.caller) throw new Failure('SESSION_FOREIGN');
  if (session.subject === 'device') {
    const asker = await tx.askerIn(session);
    return { is: 'device', author: asker.device.device, member: asker.member, session, asker };
  }
  const person = await tx.world.patients.require(session.id);
  const member = memberOf((await tx.network()).genesis, tx.caller);
  return { is: 'person', author: person.patient, member, session, person };
}

/**
 * May this recorder record this about a patient? A hospital's device under a grant, which may be for some records
 * only; a person for itself or for whom it acts, at a hospital whose gateway took it in.
 */
export async function requireRecording(
  tx: RecordsTransaction,
  recorder: Recorder,
  patient: string,
  record: Pick<RecordState, 'record' | 'labels' | 'madeAt'>,
): Promise<void> {
  const { member, session } = recorder;
  if (member.kind !== 'hospital') throw new Failure('KIND_NOT_ALLOWED');
  const isOwn = recorder.is === 'person' && recorder.person.patient === patient;
  const standing = isOwn ? recorder.person : await tx.world.patients.require(patient);
  if (recorder.is === 'person') {
    const { person: reader } = recorder;
    const { kind } = member;
    const decision = decidePersonsRecording({ session, reader, standing, record, kind, time: tx.time });
    if (decision.is === 'denied') throw new Failure(decision.code);
    return;
  }
  if (standing.frozen) throw new Failure('PATIENT_FROZEN');
  const relation = await tx.world.relationOf(patient, member.id);
  const { device } = recorder.asker;
  const { department } = device;
  const decision = basisOf(
    {
      organisation: member.id,
      device: device.device,
      ...(department !== undefined && { department }),
      practitioner: session.practitioner ?? '',
      ...(session.role !== undefined && { role: session.role }),
      action: 'record',
      record,
      purposes: session.purposes,
      time: tx.time,
    },
    { standing, relation },
  );
  if (decision.is === 'denied') throw new Failure(decision.code);
  if (decision.grant) countUse(tx, standing, member.id, relation, decision.grant);
}
