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
export const Basis = z.enum(['custodian', 'grant']);
export type Basis = z.infer<typeof Basis>;

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
