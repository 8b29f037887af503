import * as z from 'zod';
import { Base32Id, Sha256Text, StatementId, Thumbprint } from '../ids.ts';
import { EmergencyReason, ReviewReason } from '../words.ts';
import { Named } from './consent.ts';
import { byPractitioner, forPatient, numbered } from './envelope.ts';

/** Emergency access to one patient's records, read only. */
export const OpenBreakGlass = z.strictObject({
  ...byPractitioner,
  ...numbered,
  act: z.literal('openBreakGlass'),
  patient: Thumbprint,
  /** thumbprint of the device it is read on */
  device: Thumbprint,
  reason: EmergencyReason,
  /** SHA-256 of salt and text, which the gateway keeps sealed */
  text: Sha256Text,
  minutes: z.int().min(1).max(60),
});
/** A second practitioner of the same organisation stands behind it: opens what is locked for emergencies too. */
export const SecondBreakGlass = z.strictObject({
  ...byPractitioner,
  ...numbered,
  act: z.literal('secondBreakGlass'),
  opening: StatementId,
});
/** A reviewer closes an opening as justified (`necessary`, and nothing else) or not. */
export const ReviewBreakGlass = z
  .strictObject({
    ...byPractitioner,
    ...numbered,
    act: z.literal('reviewBreakGlass'),
    opening: StatementId,
    justified: z.boolean(),
    reason: ReviewReason,
  })
  .refine(({ justified, reason }) => justified === (reason === 'necessary'), {
    path: ['reason'],
    error: 'it says otherwise',
  });
/** Locks records even for emergencies: these take two practitioner keys. */
export const LockForEmergencies = z.strictObject({
  ...forPatient,
  ...numbered,
  act: z.literal('lockForEmergencies'),
  what: z.union([z.literal('all'), Named]),
});
export const LiftLock = z.strictObject({
  ...forPatient,
  ...numbered,
  act: z.literal('liftLock'),
  lock: StatementId,
});
/** The record that any break-glass shows, locked or not; none when it names none. */
export const SetEmergencyCard = z.strictObject({
  ...forPatient,
  ...numbered,
  act: z.literal('setEmergencyCard'),
  record: Base32Id.optional(),
});
