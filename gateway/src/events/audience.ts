/** Whose events: a patient's, or an organisation's own. */
export type Audience = { patient: string } | { organisation: string };

/** One text for each audience. */
export function audienceKey(audience: Audience): string {
  return 'patient' in audience ? `patient ${audience.patient}` : `organisation ${audience.organisation}`;
}
