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

const nothing = () => ({});
/** An act about a patient that needs no more ids than its own. */
const about = (kind: EventKind) => ({ kind, by: 'patient', ids: nothing }) as const;
const ofOrganisation = (kind: EventKind) => ({ kind, by: 'organisation', ids: nothing }) as const;

/** What each act tells. An act that is not here tells nothing, or what it changes does. */
const acts: { readonly [Verb in Act]?: Telling<Verb> } = {
  enrolPatient: {
    kind: 'granted',
    by: 'patient',
    ids: ({ recorder }, grant) => (recorder === undefined ? undefined : { grant, organisation: recorder }),
  },
  grantConsent: {
    kind: 'granted',
    by: 'patient',
    ids: ({ grantee }, grant) => ({
      grant,
      ...('organisation' in grantee && { organisation: grantee.organisation }),
    }),
  },
  passOn: { kind: 'granted', by: 'patient', ids: ({ to }, grant) => ({ grant, organisation: to }) },
  revokeConsent: { kind: 'revoked', by: 'patient', ids: ({ grant }) => ({ grant }) },
  declareTreatment: about('treatment'),
  denyAccess: about('denial'),
  liftDenial: about('denial'),
  layRule: about('rule'),
  liftRule: about('rule'),
  lockForEmergencies: about('lock'),
  liftLock: about('lock'),
  setEmergencyCard: about('lock'),
  nameDelegate: about('delegate'),
  revokeDelegate: about('delegate'),
  attestDelegate: about('delegate'),
  addKey: about('key-change'),
  removeKey: about('key-change'),
  rotateKey: about('key-change'),
  nameContacts: about('recovery'),
  startRecovery: about('recovery'),
  confirmRecovery: about('recovery'),
  vetoRecovery: about('recovery'),
  completeRecovery: about('recovery'),
  freeze: about('frozen'),
  unfreeze: about('unfrozen'),
  approveDevice: {
    kind: 'device-approved',
    by: 'organisation',
    ids: ({ device }) => ({ device: approvedIn(device) }),
  },
  renewDevice: { kind: 'device-approved', by: 'organisation', ids: ({ device }) => ({ device }) },
  revokeDevice: { kind: 'device-revoked', by: 'organisation', ids: ({ device }) => ({ device }) },
  registerPractitioner: ofOrganisation('key-change'),
  revokePractitioner: ofOrganisation('key-change'),
  rotateMasterKey: ofOrganisation('key-change'),
  replaceMasterKey: ofOrganisation('key-change'),
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

function patientOf(payload: Statement): string {
  return ('patient' in payload ? payload.patient : undefined) ?? payload.iss;
}

/** The device of a proof that the chaincode has checked. */
function approvedIn(proof: string): string {
  return thumbprint(DeviceProof.parse(JSON.parse(parseCompactJws(proof).payload)).sig);
}
