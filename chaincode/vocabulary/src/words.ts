import * as z from 'zod';

/** What an organisation is. Hospitals and regulators together are the care members. */
export const Kind = z.enum(['hospital', 'regulator', 'third-party']);
export type Kind = z.infer<typeof Kind>;

/** Hospitals and regulators run peers and orderers, endorse, and hold the blocks. */
export function isCareMember(kind: Kind): boolean {
  return kind !== 'third-party';
}

export const Role = z.enum([
  'physician',
  'nurse',
  'pharmacist',
  'therapist',
  'registrar',
  'privacy-officer',
  'auditor',
  'system',
]);
export type Role = z.infer<typeof Role>;

/** HL7 v3 PurposeOfUse codes (https://terminology.hl7.org/ValueSet-v3-PurposeOfUse.html). */
export const Purpose = z.enum(['TREAT', 'ETREAT', 'HPAYMT', 'HRESCH', 'PATRQT', 'HOPERAT', 'PUBHLTH']);
export type Purpose = z.infer<typeof Purpose>;

export const Action = z.enum(['read', 'record']);
export type Action = z.infer<typeof Action>;

/** Why an access was granted. */
export const Basis = z.enum(['custodian', 'grant', 'approval', 'break-glass', 'patient', 'delegate']);
export type Basis = z.infer<typeof Basis>;

/**
 * What a record is sensitive for: HL7 v3 ActCode, InformationSensitivityPolicy
 * (https://terminology.hl7.org/ValueSet-v3-InformationSensitivityPolicy.html). Never on the ledger: see `Label`.
 */
export const Sensitivity = z.enum([
  'BH',
  'COGN',
  'DVD',
  'EMOTDIS',
  'ETH',
  'GDIS',
  'HIV',
  'MH',
  'MST',
  'PSY',
  'PSYTHPN',
  'SCA',
  'SDV',
  'SEX',
  'SPI',
  'STD',
  'SUD',
  'TBOO',
  'VIO',
]);
export type Sensitivity = z.infer<typeof Sensitivity>;

/** Who acts for a patient. A proxy and an executor start when two practitioners have attested that they must. */
export const DelegateKind = z.enum(['guardian', 'carer', 'proxy', 'executor']);
export type DelegateKind = z.infer<typeof DelegateKind>;

export const Power = z.enum(['log', 'grant', 'approve', 'record', 'read']);
export type Power = z.infer<typeof Power>;

/** Why glass is broken; the words about it are sealed off the ledger. */
export const EmergencyReason = z.enum([
  'unconscious',
  'cannot-consent',
  'danger-to-life',
  'danger-to-others',
  'disaster',
]);
export type EmergencyReason = z.infer<typeof EmergencyReason>;

/** What a review of a broken glass found, beside whether it was justified. */
export const ReviewReason = z.enum([
  'necessary',
  'consent-was-possible',
  'no-treatment',
  'wrong-patient',
  'too-much',
]);
export type ReviewReason = z.infer<typeof ReviewReason>;

/** Why an approver refuses. */
export const RefusalReason = z.enum(['not-needed', 'not-known', 'too-broad', 'wrong-record', 'not-now']);
export type RefusalReason = z.infer<typeof RefusalReason>;

/** What a patient says is wrong with a record. */
export const Correction = z.enum(['not-mine', 'wrong-dose', 'wrong-result', 'outdated', 'incomplete']);
export type Correction = z.infer<typeof Correction>;

export const DeviceUse = z.enum(['workstation', 'ehr', 'gateway']);
export type DeviceUse = z.infer<typeof DeviceUse>;

export const LedgerKind = z.enum(['embedded', 'fabric']);
export type LedgerKind = z.infer<typeof LedgerKind>;

/** A list of codes without repetition, at least one. */
export function distinct<Item extends z.ZodType<string>>(item: Item, most: number) {
  return z
    .array(item)
    .min(1)
    .max(most)
    .refine((items) => new Set(items).size === items.length, 'an item stands twice');
}
