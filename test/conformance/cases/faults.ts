import { setTimeout as pause } from 'node:timers/promises';
import { text } from '../../support/ledger.ts';
import { openHeader } from '../../support/raw-client.ts';
import type { Callers } from '../callers.ts';
import { takeApart } from '../forgery.ts';
import type { Cases } from '../groups.ts';
import { codeName, type Json, outcomeOf } from '../outcome.ts';

async function both(callers: Callers): Promise<Json> {
  const contract = callers.contract();
  return {
    evaluate: await outcomeOf(contract.evaluateTransaction('noop').then(text)),
    submit: await outcomeOf(contract.submitTransaction('noop').then(text)),
  };
}

function ofRiverside(outcome: Json): Json {
  const { details, ...rest } = outcome as { details: { mspId: string }[] };
  return { ...rest, details: details.filter(({ mspId }) => mspId === 'RiversideMSP') };
}

async function untilNoticed(callers: Callers, organisation: string): Promise<void> {
  const proposal = () => callers.contract(organisation).newProposal('noop');
  for (let left = 120; left > 0; left -= 1) {
    const outcome = await outcomeOf(
      proposal()
        .endorse()
        .then(() => 'endorsed'),
    );
    if (JSON.stringify(outcome).includes('FAILED_PRECONDITION')) return;
    await pause(500);
  }
}

/** What the next block with a transaction says of it. */
async function codesOf(callers: Callers, startBlock: bigint, txId: string): Promise<string[]> {
  const events = await callers.network().getFilteredBlockEvents({ startBlock });
  try {
    for await (const block of events) {
      const found = block.getFilteredTransactionsList().filter((one) => one.getTxid() === txId);
      if (found.length > 0) return found.map((one) => codeName(one.getTxValidationCode()));
    }
    return [];
  } finally {
    events.close();
  }
}

/** Parts that stop. Last, since they take the network apart. */
export const faults: Cases = {
  'an envelope that comes again is refused, or a duplicate once the orderers have forgotten it': async (
    callers,
  ) => {
    const raw = callers.raw();
    const envelope = await callers.endorse(['put', 'twice', '1']);
    const first = await callers.commit(envelope);
    const atOnce = await outcomeOf(raw.submit(envelope));
    await callers.ledger.restartOrderers();
    callers.close();
    const proposal = callers.raw().propose({
      args: ['noop'],
      nonce: takeApart(envelope).signatureHeader.getNonce_asU8(),
    });
    const endorsedAgain = await outcomeOf(
      callers
        .raw()
        .endorse(proposal)
        .then(() => 'endorsed'),
    );
    const evaluatedAgain = await outcomeOf(callers.raw().evaluate(proposal));
    const { blockNumber } = await (await callers.contract().submitAsync('noop')).getStatus();
    await callers.raw().submit(envelope);
    return {
      first,
      atOnce,
      second: await codesOf(callers, blockNumber + 1n, openHeader(envelope).getTxId()),
      status: await callers.outcome(openHeader(envelope).getTxId()),
      endorsedAgain,
      evaluatedAgain,
    };
  },

  'a chaincode that dies in the middle of a transaction': async (callers) => {
    const evaluate = await outcomeOf(callers.contract().evaluateTransaction('panic').then(text));
    await callers.ledger.startChaincode();
    const submit = await outcomeOf(callers.contract().submitTransaction('panic').then(text));
    await callers.ledger.startChaincode();
    return { evaluate, submit, after: await callers.evaluate('noop') };
  },

  'chaincode that has stopped everywhere, and is back': async (callers) => {
    const interrupted = outcomeOf(callers.contract().evaluateTransaction('sleep', '5000').then(text));
    await pause(300);
    await callers.ledger.killChaincode();
    const meanwhile = await both(callers);
    await callers.ledger.startChaincode();
    // Where it was tried next differs from run to run.
    return { interrupted: ofRiverside(await interrupted), meanwhile, after: await both(callers) };
  },

  'with two peers of four nothing can be endorsed, and evaluation and statuses go on': async (callers) => {
    const early = await callers.contract().submitAsync('noop');
    const { code } = await early.getStatus();
    await callers.ledger.leavePeersOf(['RiversideMSP', 'RegulatorMSP']);
    callers.close();
    // The peers that are left learn by and by that the others are gone.
    for (const organisation of ['RiversideMSP', 'InsurerMSP']) await untilNoticed(callers, organisation);
    return {
      before: codeName(code),
      riverside: await both(callers),
      insurer: await outcomeOf(callers.contract('InsurerMSP').submitTransaction('noop').then(text)),
      named: await outcomeOf(callers.endorse(['noop'], ['LakesideMSP']).then(() => 'endorsed')),
    };
  },
};
