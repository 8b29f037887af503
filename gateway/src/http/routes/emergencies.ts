import {
  BrokenGlass,
  Dispute,
  EmergencyCard,
  Failure,
  KeptReason,
  OrganisationId,
  PractitionerAnswer,
  page,
  parseUnambiguous,
  REASON_CHARACTERS,
  ReasonWords,
  StatementId,
  Thumbprint,
} from '@chartkey/vocabulary';
import * as z from 'zod';
import { answer } from '../answer.ts';
import { devicesOnly, regulatorsOnly } from '../authenticate.ts';
import { textOf } from '../body.ts';
import { type Asked, route } from '../route.ts';
import { ledgerFailures, sessionFailures } from './ledger-failures.ts';

/** A character has up to six bytes in JSON that escapes it, twice as many beyond the first plane. */
const REASON_BYTES = REASON_CHARACTERS * 12 + 1024;
const OpeningsPage = page(BrokenGlass);
const DisputesPage = page(Dispute);
const patientParams = z.object({ patient: Thumbprint });
const failures = [...ledgerFailures, 'CARE_MEMBERS_ONLY', 'DEVICE_REVOKED'] as const;
/** A regulator's question is logged first. */
const logged = [...sessionFailures, ...failures] as const;

export const reasons = route({
  method: 'post',
  path: '/v1/break-glass-reasons',
  word: 'emergencies',
  summary: 'Keeps the words about an emergency sealed; openBreakGlass names them by the hash answered',
  needs: 'token',
  query: z.object({ patient: Thumbprint }),
  body: { mediaType: 'application/json', schema: ReasonWords, limit: REASON_BYTES },
  answers: { 201: { says: 'Kept', schema: KeptReason } },
  failures: [...failures, 'DEVICES_ONLY', 'PATIENT_UNKNOWN', 'VAULT_FULL', 'VAULT_UNAVAILABLE'],
  mayAsk: devicesOnly,
  serve: async (asked) => {
    const { gateway, caller, query } = asked;
    await asked.limits.reason(asked.request, asked.response, caller);
    const words = await wordsIn(asked);
    const kept = await gateway.emergencies.keepReason(caller, query.patient, words);
    answer(asked, KeptReason, kept, { status: 201 });
  },
});

export const unreviewed = route({
  method: 'get',
  path: '/v1/break-glass',
  word: 'emergencies',
  summary:
    'What awaits its review: for a regulator, whose question is logged first, or for an organisation’s own privacy officer',
  needs: 'token',
  query: z.object({ organisation: OrganisationId.optional() }),
  answers: { 200: { says: 'The most urgent first, all on one page', schema: OpeningsPage } },
  failures: [...logged, 'DEVICES_ONLY', 'NOT_YOURS', 'ROLE_NOT_ALLOWED'],
  mayAsk: devicesOnly,
  serve: async (asked) => {
    const { gateway, caller, query } = asked;
    const items = await gateway.emergencies.unreviewed(caller, query.organisation);
    answer(asked, OpeningsPage, { items });
  },
});

export const opening = route({
  method: 'get',
  path: '/v1/break-glass/{opening}',
  word: 'emergencies',
  summary:
    'One break-glass: who, when, why, and its review; with the words about it for the patient and the reviewer, where they are kept',
  needs: 'token',
  params: z.object({ opening: StatementId }),
  answers: { 200: { says: 'The break-glass', schema: BrokenGlass } },
  failures: [...logged, 'OPENING_UNKNOWN', 'NOT_YOURS', 'INTEGRITY_BROKEN', 'VAULT_UNAVAILABLE'],
  serve: async (asked) => {
    const { gateway, caller, params } = asked;
    answer(asked, BrokenGlass, await gateway.emergencies.openingOf(caller, params.opening));
  },
});

export const patientOpenings = route({
  method: 'get',
  path: '/v1/patients/{patient}/break-glass',
  word: 'emergencies',
  summary:
    'Every break-glass that opened a patient’s records: for the patient, who acts for it, and regulators, whose question is logged first',
  needs: 'token',
  params: patientParams,
  answers: { 200: { says: 'Newest first, all on one page', schema: OpeningsPage } },
  failures: [...logged, 'PATIENT_UNKNOWN', 'NOT_YOURS'],
  serve: async (asked) => {
    const { gateway, caller, params } = asked;
    answer(asked, OpeningsPage, { items: await gateway.emergencies.openingsOf(caller, params.patient) });
  },
});

export const emergencyCard = route({
  method: 'get',
  path: '/v1/patients/{patient}/emergency-card',
  word: 'emergencies',
  summary: 'The record that any break-glass shows: for the patient, and where the glass is broken',
  needs: 'token',
  params: patientParams,
  answers: { 200: { says: 'The record, if the patient chose one', schema: EmergencyCard } },
  failures: [...failures, 'PATIENT_UNKNOWN', 'NOT_YOURS', 'BREAK_GLASS_REQUIRED'],
  serve: async (asked) => {
    const { gateway, caller, params } = asked;
    answer(asked, EmergencyCard, await gateway.emergencies.cardOf(caller, params.patient));
  },
});

export const practitioner = route({
  method: 'get',
  path: '/v1/practitioners/{key}',
  word: 'emergencies',
  summary: 'A practitioner’s own key, and the next sequence number of its statements',
  needs: 'token',
  params: z.object({ key: Thumbprint }),
  answers: { 200: { says: 'The key', schema: PractitionerAnswer } },
  failures: [...failures, 'PRACTITIONER_UNKNOWN'],
  serve: async (asked) =>
    answer(asked, PractitionerAnswer, await asked.gateway.emergencies.practitionerOf(asked.params.key)),
});

export const disputes = route({
  method: 'get',
  path: '/v1/disputes',
  word: 'emergencies',
  summary:
    'Regulators’ cases: each break-glass that its review found unjustified; the question is logged first',
  needs: 'token',
  answers: { 200: { says: 'Newest first, all on one page', schema: DisputesPage } },
  failures: [...logged, 'REGULATORS_ONLY'],
  mayAsk: regulatorsOnly,
  serve: async (asked) =>
    answer(asked, DisputesPage, { items: await asked.gateway.emergencies.disputes(asked.caller) }),
});

async function wordsIn({ request, response, settings }: Asked): Promise<ReasonWords> {
  const { idleMilliseconds } = settings;
  const text = await textOf(request, response, { bytes: REASON_BYTES, idleMilliseconds });
  try {
    return ReasonWords.parse(parseUnambiguous(text));
  } catch {
    throw new Failure('INVALID_REQUEST', { at: 'body' });
  }
}
