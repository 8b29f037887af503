import { Algorithm, SmartConfiguration, WellKnown } from '@chartkey/vocabulary';
import { answer } from '../answer.ts';
import { route } from '../route.ts';

export const smartConfiguration = route({
  method: 'get',
  path: '/.well-known/smart-configuration',
  word: 'discovery',
  summary: 'Where and how a back end gets a token (SMART Backend Services)',
  needs: 'nothing',
  answers: { 200: { says: 'The token endpoint and what it takes', schema: SmartConfiguration } },
  failures: [],
  serve: (asked) =>
    answer(asked, SmartConfiguration, {
      token_endpoint: asked.gateway.organisation.tokenUrl,
      grant_types_supported: ['client_credentials'],
      token_endpoint_auth_methods_supported: ['private_key_jwt'],
      token_endpoint_auth_signing_alg_values_supported: Algorithm.options,
      capabilities: ['client-confidential-asymmetric'],
    }),
});

export const wellKnown = route({
  method: 'get',
  path: '/.well-known/chartkey',
  word: 'discovery',
  summary: 'The network this gateway belongs to, and the signed genesis document behind its id',
  needs: 'nothing',
  answers: { 200: { says: 'Network id, kind of ledger, organisation, genesis document', schema: WellKnown } },
  failures: [],
  serve: (asked) => {
    const { network, organisation, genesis } = asked.gateway;
    answer(asked, WellKnown, {
      network,
      ledger: genesis.genesis.ledger,
      organisation: organisation.id,
      genesis: genesis.genesis,
      signatures: genesis.signatures,
    });
  },
});
