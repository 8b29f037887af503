import * as z from 'zod';
import { Base32Id, Instant, NetworkId, OrganisationId, Seconds, StatementId, Thumbprint } from '../ids.ts';
import { Algorithm, DeviceKey, P256Key } from '../keys.ts';
import { DeviceUse, distinct, Role } from '../words.ts';
import { Approver } from './approvals.ts';
import { byAnybody, byOrganisation, byPatient, forPatient, Jws, numbered } from './envelope.ts';

export const ApproveDevice = z.strictObject({
  ...byOrganisation,
  ...numbered,
  act: z.literal('approveDevice'),
  /** the device's own proof of possession, a compact JWS: see `DeviceProof` */
  device: Jws,
  validUntil: Instant.optional(),
  department: Base32Id.optional(),
  /** reads only end to end, each with a proof by the device's own key */
  perRequestProof: z.literal(true).optional(),
});
export const RenewDevice = z.strictObject({
  ...byOrganisation,
  ...numbered,
  act: z.literal('renewDevice'),
  device: Thumbprint,
  validUntil: Instant,
});
export const RevokeDevice = z.strictObject({
  ...byOrganisation,
  act: z.literal('revokeDevice'),
  device: Thumbprint,
});
/** A practitioner's own key: may break glass, review, declare treatment, as its role allows. */
export const RegisterPractitioner = z.strictObject({
  ...byOrganisation,
  ...numbered,
  act: z.literal('registerPractitioner'),
  /** the key's own proof of possession, a compact JWS: see `KeyProof` */
  key: Jws,
  practitioner: Base32Id,
  role: Role,
  validUntil: Instant,
});
export const RevokePractitioner = z.strictObject({
  ...byOrganisation,
  act: z.literal('revokePractitioner'),
  key: Thumbprint,
});
/** By the old master key; the new one proves itself inside. */
export const RotateMasterKey = z.strictObject({
  ...byOrganisation,
  ...numbered,
  act: z.literal('rotateMasterKey'),
  key: Jws,
});
/** Another member asks for it after a loss: done once enough other members' master keys have approved. */
export const ReplaceMasterKey = z.strictObject({
  ...byOrganisation,
  ...numbered,
  act: z.literal('replaceMasterKey'),
  organisation: OrganisationId,
  key: Jws,
});

/** One more device of a patient; the new keys prove themselves inside. */
export const AddKey = z.strictObject({
  ...byPatient,
  ...numbered,
  act: z.literal('addKey'),
  key: Jws,
});
/** Any key of a patient revokes any other; the last one is replaced, never removed. */
export const RemoveKey = z.strictObject({
  ...byPatient,
  act: z.literal('removeKey'),
  key: Thumbprint,
});
/** The signing key makes way for a new one. */
export const RotateKey = z.strictObject({
  ...byPatient,
  ...numbered,
  act: z.literal('rotateKey'),
  key: Jws,
});
/** Stops all grants and releases but break-glass and the custodian's own treatment. */
export const Freeze = z.strictObject({
  ...forPatient,
  act: z.literal('freeze'),
  /** a key of the patient, or a delegate, that may be stolen: it cannot unfreeze */
  suspect: Thumbprint.optional(),
});
export const Unfreeze = z.strictObject({
  ...forPatient,
  ...numbered,
  act: z.literal('unfreeze'),
  /** of recovery contacts, where the signer may not alone: ids of their `approve` statements */
  approvals: distinct(StatementId, 3).optional(),
});

/** Who helps when every key is lost: a person, an institution, the regulator. */
export const NameContacts = z.strictObject({
  ...byPatient,
  ...numbered,
  act: z.literal('nameContacts'),
  contacts: z.array(Approver).length(3),
  /** must agree too when none of the three is a person */
  outside: OrganisationId.optional(),
});
/** Every key and every delegate that a patient may have: a thief may have brought nearly all of them. */
const MOST_LOST = 32;
/** A contact asks that new keys take the place of lost ones. */
export const StartRecovery = z.strictObject({
  ...byAnybody,
  ...numbered,
  act: z.literal('startRecovery'),
  patient: Thumbprint,
  key: Jws,
  /**
   * keys that the patient no longer has, delegates who are not theirs; in a second attempt these cannot veto,
   * and once all have agreed to it they sign nothing
   */
  lost: distinct(Thumbprint, MOST_LOST),
  /** an institution has seen the patient in person; needed from the second attempt on */
  inPerson: z.literal(true).optional(),
});
/** Any key or delegate of the patient that is not named lost in a second attempt stops a recovery. */
export const VetoRecovery = z.strictObject({
  ...forPatient,
  act: z.literal('vetoRecovery'),
  recovery: StatementId,
});
/** By the new key itself, once enough contacts have agreed: from then on the window runs. */
export const ConfirmRecovery = z.strictObject({
  ...byPatient,
  act: z.literal('confirmRecovery'),
  recovery: StatementId,
  /** ids of the contacts' `approve` statements */
  approvals: distinct(StatementId, 4),
});
/** By the new key itself, when the window is over. */
export const CompleteRecovery = z.strictObject({
  ...byPatient,
  act: z.literal('completeRecovery'),
  recovery: StatementId,
});

export const DeviceProofHeader = z.strictObject({ alg: Algorithm, typ: z.literal('chartkey-device+jwt') });

/** What a device signs with its own key when it asks for approval (good for a day at most). */
export const DeviceProof = z.strictObject({
  network: NetworkId,
  organisation: OrganisationId,
  sig: DeviceKey,
  enc: P256Key,
  use: DeviceUse,
  exp: Seconds,
});
export type DeviceProof = z.infer<typeof DeviceProof>;

export const KeyProofHeader = z.strictObject({ alg: z.literal('ES256'), typ: z.literal('chartkey-key+jwt') });

/** What a new key signs about itself: whose it becomes (a patient's, an organisation's), good for a day at most. */
export const KeyProof = z.strictObject({
  network: NetworkId,
  owner: z.union([Thumbprint, OrganisationId]),
  sig: P256Key,
  /** of a patient's key; a practitioner's or master key has none */
  enc: P256Key.optional(),
  exp: Seconds,
});
export type KeyProof = z.infer<typeof KeyProof>;
