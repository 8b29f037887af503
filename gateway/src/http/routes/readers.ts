import { Base32Id, Denial, page, ReadersAnswer, StatementId, Thumbprint } from '@chartkey/vocabulary';
import * as z from 'zod';
import { answer } from '../answer.ts';
import { patientOrRegulator } from '../authenticate.ts';
import { route } from '../route.ts';
import { ledgerFailures, sessionFailures } from './ledger-failures.ts';

const params = z.object({ patient: Thumbprint });
const DenialsPage = page(Denial);

export const patientReaders = route({
  method: 'get',
  path: '/v1/patients/{patient}/readers',
  word: 'patients',
  summary:
    'Who could read a record now, and why; with `without`, what were otherwise if that grant or denial did not stand. For the patient, delegates who see the log, and regulators, whose question is logged first',
  needs: 'token',
  params,
  query: z.object({ record: Base32Id, without: StatementId.optional() }),
  answers: { 200: { says: 'Every member, the patient, and who acts for it', schema: ReadersAnswer } },
  failures: [
    ...sessionFailures,
    'PATIENT_UNKNOWN',
    'RECORD_UNKNOWN',
    'GRANT_UNKNOWN',
    'NOT_YOURS',
    'CARE_MEMBERS_ONLY',
  ],
  mayAsk: patientOrRegulator,
  serve: async (asked) =>
    answer(
      asked,
      ReadersAnswer,
      await asked.gateway.readersOf(asked.caller, asked.params.patient, asked.query),
    ),
});

export const patientDenials = route({
  method: 'get',
  path: '/v1/patients/{patient}/denials',
  word: 'patients',
  summary: 'What a patient shut out, whatever is granted: the denials that stand',
  needs: 'token',
  params,
  answers: { 200: { says: 'Oldest first', schema: DenialsPage } },
  failures: [...ledgerFailures, 'PATIENT_UNKNOWN', 'NOT_YOURS', 'CARE_MEMBERS_ONLY'],
  mayAsk: patientOrRegulator,
  serve: async (asked) =>
    answer(asked, DenialsPage, await asked.gateway.denialsOf(asked.caller, asked.params.patient)),
});
