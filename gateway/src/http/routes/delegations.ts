import { ListedDelegation, page } from '@chartkey/vocabulary';
import { answer } from '../answer.ts';
import { personsOnly } from '../authenticate.ts';
import { route } from '../route.ts';
import { ledgerFailures } from './ledger-failures.ts';

const DelegationsPage = page(ListedDelegation);

export const delegations = route({
  method: 'get',
  path: '/v1/delegations',
  word: 'patients',
  summary: 'Whom the person behind the token acts for, and what it may do for them',
  needs: 'token',
  answers: { 200: { says: 'All of them, on one page', schema: DelegationsPage } },
  failures: [...ledgerFailures, 'NOT_YOURS', 'CARE_MEMBERS_ONLY'],
  mayAsk: personsOnly,
  serve: async (asked) => answer(asked, DelegationsPage, await asked.gateway.delegationsOf(asked.caller)),
});
