import { setTimeout as pause } from 'node:timers/promises';
import { peer } from '@hyperledger/fabric-protos';
import type { Callers } from '../callers.ts';
import type { Cases } from '../groups.ts';
import { type Json, outcomeOf } from '../outcome.ts';

const soon = () => ({ deadline: Date.now() + 300 });

/** Calls that are too large, too long or too many. */
export const limits: Cases = {
  'a deadline ends an evaluation, and a submission': async (callers) => {
    const contract = callers.contract('RiversideMSP', { evaluateOptions: soon, endorseOptions: soon });
    return {
      evaluate: await outcomeOf(contract.evaluateTransaction('sleep', '2000').then(() => 'rested')),
      endorse: await outcomeOf(contract.submitTransaction('sleep', '2000').then(() => 'rested')),
    };
  },

  'a call that its client cancels ends at once, and the chaincode goes on': async (callers) => {
    const raw = callers.raw();
    const cancel = new AbortController();
    const asked = raw.evaluate(raw.propose({ args: ['sleep', '2000'] }), [], { signal: cancel.signal });
    setTimeout(() => cancel.abort(), 100);
    return { cancelled: await outcomeOf(asked), after: await callers.evaluate('noop') };
  },

  'many evaluations run at once in one chaincode': async (callers) => {
    const order: string[] = [];
    const rest = (ms: string) => callers.evaluate('sleep', ms).then(() => order.push(ms));
    await Promise.all([rest('900'), rest('1')]);
    return order;
  },

  'a message beyond 100 MiB is refused, and the peer goes on': async (callers) => {
    const signed = new peer.SignedProposal();
    signed.setProposalBytes(new Uint8Array(101 << 20));
    return {
      refused: await outcomeOf(callers.raw().evaluate(signed)),
      after: await callers.evaluate('noop'),
    };
  },

  'calls beyond 500 at a time are refused, and served again when others have ended': async (callers) => {
    const end = new AbortController();
    const nobodys = 'b'.repeat(64);
    // Some more than 500, since an evaluation below may take the place of one.
    const waiting = Array.from({ length: 520 }, () =>
      outcomeOf(callers.raw().outcome(nobodys, 'records', { signal: end.signal })),
    );
    const beyond = await until(callers, (outcome) => !('answer' in outcome));
    end.abort();
    await Promise.all(waiting);
    return { beyond, after: await until(callers, (outcome) => 'answer' in outcome) };
  },
};

/** Evaluates until the outcome is as it should be; the last outcome when it never is. */
async function until(callers: Callers, enough: (outcome: object) => boolean): Promise<Json> {
  let outcome: Json = null;
  for (let left = 300; left > 0; left -= 1) {
    outcome = await outcomeOf(callers.evaluate('noop'));
    if (enough(outcome as object)) break;
    await pause(100);
  }
  return outcome;
}
