import { Health } from '@chartkey/vocabulary';
import { answer } from '../answer.ts';
import { type Asked, route } from '../route.ts';

const facts = ({ gateway }: Asked) => ({
  network: gateway.network,
  ledger: gateway.genesis.genesis.ledger,
  organisation: gateway.organisation.id,
});

export const live = route({
  method: 'get',
  path: '/health/live',
  word: 'health',
  summary: 'Whether the process answers',
  needs: 'nothing',
  answers: { 200: { says: 'It does', schema: Health } },
  failures: [],
  serve: (asked) => answer(asked, Health, { status: 'live', ...facts(asked) }),
});

export const ready = route({
  method: 'get',
  path: '/health/ready',
  word: 'health',
  summary: 'Whether the ledger can be reached and the vault written',
  needs: 'nothing',
  answers: {
    200: { says: 'Ready', schema: Health },
    503: { says: 'Not ready, and why', schema: Health, headers: ['Retry-After'] },
  },
  failures: [],
  serve: async (asked) => {
    const reasons = await asked.gateway.unready();
    if (reasons.length === 0) return answer(asked, Health, { status: 'ready', ...facts(asked) });
    const headers = { 'Retry-After': '2' };
    return answer(asked, Health, { status: 'unready', ...facts(asked), reasons }, { status: 503, headers });
  },
});
