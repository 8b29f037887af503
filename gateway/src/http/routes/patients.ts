import {
  ListedAccess,
  ListedGrant,
  ListedRecord,
  PatientAnswer,
  page,
  Thumbprint,
} from '@chartkey/vocabulary';
import * as z from 'zod';
import { answer } from '../answer.ts';
import { patientOrRegulator } from '../authenticate.ts';
import { BreakGlass, PurposeOfUse } from '../headers.ts';
import { route } from '../route.ts';
import { Cursor } from './cursor.ts';
import { glassFailures, withGlass } from './glass.ts';
import { accessFailures, indexFailures, ledgerFailures, sessionFailures } from './ledger-failures.ts';

const params = z.object({ patient: Thumbprint });
const query = z.object({ cursor: Cursor });
const RecordsPage = page(ListedRecord);
const GrantsPage = page(ListedGrant);
const AccessesPage = page(ListedAccess);

export const patient = route({
  method: 'get',
  path: '/v1/patients/{patient}',
  word: 'patients',
  summary:
    'Who enrolled a patient and the next number of its statements; for itself and who acts for it, what stands about it',
  needs: 'token',
  params,
  answers: { 200: { says: 'The patient', schema: PatientAnswer } },
  failures: [...ledgerFailures, 'PATIENT_UNKNOWN', 'NOT_YOURS', 'CARE_MEMBERS_ONLY'],
  serve: async (asked) =>
    answer(asked, PatientAnswer, await asked.gateway.patientOf(asked.caller, asked.params.patient)),
});

export const patientRecords = route({
  method: 'get',
  path: '/v1/patients/{patient}/records',
  word: 'patients',
  summary: 'For a device what its live grants cover, logged as an access; for the patient all held here',
  needs: 'token',
  params,
  query,
  headers: z.object({ 'Purpose-Of-Use': PurposeOfUse.optional(), 'Break-Glass': BreakGlass.optional() }),
  answers: { 200: { says: 'Newest first', schema: RecordsPage, headers: ['Access-Id'] } },
  failures: [...accessFailures, ...glassFailures, ...indexFailures],
  serve: async (asked) => {
    const { cursor } = asked.query;
    const { 'Purpose-Of-Use': named, 'Break-Glass': glass } = asked.headers;
    const purpose = await withGlass(asked, glass, named);
    const found = await asked.gateway.recordsOf(asked.caller, asked.params.patient, { cursor, purpose });
    answer(asked, RecordsPage, found.page, { headers: { 'Access-Id': found.access } });
  },
});

export const patientGrants = route({
  method: 'get',
  path: '/v1/patients/{patient}/grants',
  word: 'patients',
  summary: 'Every grant a patient made, and what became of it',
  needs: 'token',
  params,
  query,
  answers: { 200: { says: 'Newest first', schema: GrantsPage } },
  failures: [...ledgerFailures, ...indexFailures, 'PATIENT_UNKNOWN', 'NOT_YOURS'],
  mayAsk: patientOrRegulator,
  serve: async (asked) =>
    answer(
      asked,
      GrantsPage,
      await asked.gateway.grantsOf(asked.caller, asked.params.patient, asked.query.cursor),
    ),
});

export const patientAccesses = route({
  method: 'get',
  path: '/v1/patients/{patient}/accesses',
  word: 'patients',
  summary: 'Every look at a patient’s records, granted or denied; a regulator’s question is logged first',
  needs: 'token',
  params,
  query,
  answers: { 200: { says: 'Newest first', schema: AccessesPage } },
  failures: [...sessionFailures, ...indexFailures, 'PATIENT_UNKNOWN', 'NOT_YOURS'],
  mayAsk: patientOrRegulator,
  serve: async (asked) =>
    answer(
      asked,
      AccessesPage,
      await asked.gateway.accessesOf(asked.caller, asked.params.patient, asked.query.cursor),
    ),
});
