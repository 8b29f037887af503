import * as z from 'zod';
import { Opening, PractitionerFacts } from './emergency.ts';
import { Base32Id, Sha256Text } from './ids.ts';

/** Characters of the words about an emergency, at most. */
export const REASON_CHARACTERS = 2000;

/** The words about an emergency, for the gateway to keep sealed. */
export const ReasonWords = z.strictObject({
  words: z.string().trim().min(1).max(REASON_CHARACTERS),
  /** 32 bytes, where a statement was signed over them before they could be handed in; else the gateway's own */
  salt: Sha256Text.optional(),
});
export type ReasonWords = z.infer<typeof ReasonWords>;
/** What a break-glass statement says of them: their salted hash. */
export const KeptReason = z.object({ text: Sha256Text });
export type KeptReason = z.infer<typeof KeptReason>;

/** An opening as it is shown; with the words about it where this gateway keeps them and the asker may read them. */
export const BrokenGlass = Opening.extend({
  /** not reviewed in time */
  overdue: z.boolean(),
  words: z.string().optional(),
});
export type BrokenGlass = z.infer<typeof BrokenGlass>;

/** The record that any break-glass of a patient shows; none when the patient chose none. */
export const EmergencyCard = z.object({ record: Base32Id.optional() });
export type EmergencyCard = z.infer<typeof EmergencyCard>;

/** A practitioner's key, and the number of its next statement. */
export const PractitionerAnswer = PractitionerFacts.omit({ statement: true });
export type PractitionerAnswer = z.infer<typeof PractitionerAnswer>;
