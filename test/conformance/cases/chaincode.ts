import type { Callers } from '../callers.ts';
import type { Cases } from '../groups.ts';
import { type Json, outcomeOf } from '../outcome.ts';

async function both(callers: Callers, name: string, ...args: string[]): Promise<Json> {
  const contract = callers.contract();
  return {
    evaluate: await outcomeOf(contract.evaluateTransaction(name, ...args).then(size)),
    submit: await outcomeOf(contract.submitTransaction(name, ...args).then(size)),
  };
}

const size = (bytes: Uint8Array) => `${bytes.length} bytes`;

/** What a chaincode says, and how it goes wrong. */
export const chaincode: Cases = {
  'an error crosses as its message, from the endorser that had it': (callers) =>
    both(callers, 'fail', '[GRANT_UNKNOWN] abc'),

  'at a member’s own peer the member’s own endorser answers': async (callers) => {
    const contract = callers.contract('LakesideMSP');
    return {
      lakeside: await outcomeOf(contract.submitTransaction('fail', 'x').then(size)),
      insurer: await outcomeOf(callers.contract('InsurerMSP').submitTransaction('fail', 'x').then(size)),
    };
  },

  'an error without words, and one beyond ASCII': async (callers) => ({
    none: await both(callers, 'fail', ''),
    unicode: await both(callers, 'fail', 'Größe → \u{1f600}'),
  }),

  'an unknown function, contract, or too many and too few arguments': async (callers) => ({
    unknown: await both(callers, 'nowhere'),
    contract: await both(callers, 'elsewhere:noop'),
    none: await outcomeOf(callers.evaluate()),
    tooMany: await both(callers, 'noop', 'x'),
    tooFew: await both(callers, 'get'),
  }),

  'an empty and a large answer': async (callers) => ({
    empty: await both(callers, 'large', '0'),
    large: await both(callers, 'large', String(1 << 20)),
  }),

  'events: the last of a transaction counts, and none of an evaluation': async (callers) => {
    const { blockNumber } = await (
      await callers.contract().submitAsync('announceTwice', { arguments: ['First', 'Second'] })
    ).getStatus();
    await callers.contract().evaluateTransaction('announce', 'Unheard', 'x');
    await callers.contract().submitTransaction('announce', 'After', 'x');
    const events = await callers.network().getChaincodeEvents('records', { startBlock: blockNumber });
    const names: string[] = [];
    for await (const event of events) {
      names.push(event.eventName);
      if (event.eventName === 'After') break;
    }
    events.close();
    return names;
  },

  'an event without a name is refused': (callers) => both(callers, 'announce', '', 'x'),

  'another chaincode that is not there cannot be called': (callers) =>
    both(callers, 'callOther', 'elsewhere'),
};
