import { Basis, Instant, ListedAccess, OrganisationId, page, Thumbprint } from '@chartkey/vocabulary';
import * as z from 'zod';
import { answer } from '../answer.ts';
import { regulatorsOnly } from '../authenticate.ts';
import { route } from '../route.ts';
import { Cursor } from './cursor.ts';
import { indexFailures, sessionFailures } from './ledger-failures.ts';

const AccessesPage = page(ListedAccess);

export const audit = route({
  method: 'get',
  path: '/v1/audit/accesses',
  word: 'audit',
  summary: 'A regulator’s search of the trail; the question is on the ledger before the answer is given',
  needs: 'token',
  query: z.object({
    patient: Thumbprint.optional(),
    organisation: OrganisationId.optional(),
    device: Thumbprint.optional(),
    decision: z.enum(['granted', 'denied']).optional(),
    basis: Basis.optional(),
    from: Instant.optional(),
    to: Instant.optional(),
    cursor: Cursor,
  }),
  answers: { 200: { says: 'Newest first', schema: AccessesPage } },
  failures: [...sessionFailures, ...indexFailures, 'REGULATORS_ONLY'],
  mayAsk: regulatorsOnly,
  serve: async (asked) => {
    const { cursor, ...filter } = asked.query;
    answer(asked, AccessesPage, await asked.gateway.auditAccesses(asked.caller, filter, cursor));
  },
});
