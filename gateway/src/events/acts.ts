import type { ReadStatement } from '@chartkey/rules';
import {
  type Act,
  DeviceProof,
  type EventKind,
  type LedgerEvent,
  parseCompactJws,
  type Statement,
  type StatementOf,
  thumbprint,
} from '@chartkey/vocabulary';
import type { Announcement } from './announcements.ts';

type Ids = Partial<Omit<LedgerEvent, 'cursor' | 'kind' | 'time' | 'transaction' | 'block'>>;

/** What a write on the ledger announces, and to whom. */
export interface Told {
  kind: EventKind;
  ids: Ids;
  tell: Pick<Announcement, 'patient' | 'organisation' | 'custodian'>;
}

interface Telling<Verb extends Act> {
  kind: EventKind;
  /** what kind of signer `iss` is; a patient's statement is about that patient unless it names another */
  by: 'patient' | 'organisation';
  /** more ids of the event; undefined when this statement has nothing to tell */
  ids(payload: StatementOf<Verb>, id: string): Ids | undefined;
}

/** What each act tells. An act that is not here tells nothing. */
const acts: { readonly [Verb in Act]?: Telling<Verb> } = {
  enrolPatient: {
    kind: 'granted',
    by: 'patient',
    ids: ({ recorder }, grant) => (recorder === undefined ? undefined : { grant, organisation: recorder }),
  },
  grantConsent: {
    kind: 'granted',
    by: 'patient',
    ids: ({ grantee }, grant) => ({ grant, organisation: grantee.organisation }),
  },
  revokeConsent: { kind: 'revoked', by: 'patient', ids: ({ grant }) => ({ grant }) },
  approveDevice: {
    kind: 'device-approved',
    by: 'organisation',
    ids: ({ device }) => ({ device: approvedIn(device) }),
  },
  revokeDevice: { kind: 'device-revoked', by: 'organisation', ids: ({ device }) => ({ device }) },
};

/** What an accepted statement tells: its patient is the one it names, or else the patient who signed it. */
export function tellingOf({ id, payload }: ReadStatement): Told | undefined {
  const telling = acts[payload.act] as Telling<Act> | undefined;
  const ids = telling?.ids(payload, id);
  if (telling === undefined || ids === undefined) return undefined;
  const { kind, by } = telling;
  const who = by === 'organisation' ? { organisation: payload.iss } : { patient: patientOf(payload) };
  return { kind, ids: { ...who, statement: id, ...ids }, tell: who };
}

function patientOf(payload: Statement & { patient?: string }): string {
  return payload.patient ?? payload.iss;
}

/** The device of a proof that the chaincode has checked. */
function approvedIn(proof: string): string {
  return thumbprint(DeviceProof.parse(JSON.parse(parseCompactJws(proof).payload)).sig);
}
