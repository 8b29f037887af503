import * as z from 'zod';
import { NetworkId, OrganisationId, Seconds, SequenceNumber, Thumbprint } from '../ids.ts';

const envelope = { aud: NetworkId, exp: Seconds, iat: Seconds };

/** By a patient about itself, or by a delegate of the patient that `patient` names. */
export const forPatient = { ...envelope, iss: Thumbprint, patient: Thumbprint.optional() };
/** By a patient about itself alone. */
export const byPatient = { ...envelope, iss: Thumbprint };
/** By a practitioner's own registered key: `iss` is its thumbprint. */
export const byPractitioner = { ...envelope, iss: Thumbprint };
/** By an organisation's master key. */
export const byOrganisation = { ...envelope, iss: OrganisationId };
/** By a person, a practitioner or an organisation. */
export const byAnybody = { ...envelope, iss: z.union([Thumbprint, OrganisationId]) };
/** The signer's last number + 1. What takes back or freezes has none, so nothing withheld stands in its way. */
export const numbered = { seq: SequenceNumber };
/** A compact JWS inside a statement. */
export const Jws = z.string().regex(/^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/);
/** A compact JWE inside a statement. */
export const Jwe = z.string().regex(/^[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+){4}$/);
