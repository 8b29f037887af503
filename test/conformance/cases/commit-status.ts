import type { gateway } from '@hyperledger/fabric-protos';
import { openHeader } from '../../support/raw-client.ts';
import type { Callers } from '../callers.ts';
import type { Cases } from '../groups.ts';
import { codeName, outcomeOf } from '../outcome.ts';

const nobodys = 'a'.repeat(64);
const soon = () => ({ deadline: Date.now() + 300 });

async function ask(callers: Callers, change: (request: gateway.SignedCommitStatusRequest) => void) {
  const raw = callers.raw();
  const request = raw.statusRequest(nobodys);
  change(request);
  return outcomeOf(raw.status(request, soon()).then(codeName));
}

export const commitStatus: Cases = {
  'asked before, while and after: the answer comes with the block, and stays': async (callers) => {
    const raw = callers.raw();
    const envelope = await callers.endorse(['put', 'status', '1']);
    const txId = openHeader(envelope).getTxId();
    const before = await outcomeOf(raw.outcome(txId, 'records', soon()).then(codeName));
    const waiting = outcomeOf(raw.outcome(txId).then(codeName));
    await raw.submit(envelope);
    return { before, waiting: await waiting, after: codeName(await raw.outcome(txId)) };
  },

  'asked again for an invalid transaction, it stays invalid': async (callers) => {
    const [first, second] = [
      await callers.endorse(['append', 'stays', 'a']),
      await callers.endorse(['append', 'stays', 'b']),
    ];
    await callers.commit(first);
    const code = await callers.commit(second);
    const again = await callers.outcome(openHeader(second).getTxId());
    return { code, again };
  },

  'fabric-gateway learns of an invalid transaction by its status': async (callers) => {
    const late = await callers
      .contract()
      .newProposal('append', { arguments: ['late', 'b'] })
      .endorse();
    await callers.write('append', 'late', 'a');
    const { successful, code } = await (await late.submit()).getStatus();
    return { successful, code: codeName(code) };
  },

  'an id that nobody submitted is waited for': async (callers) =>
    outcomeOf(callers.raw().outcome(nobodys, 'records', soon()).then(codeName)),

  'a wait that is given up leaves the transaction free to commit': async (callers) => {
    const raw = callers.raw();
    const envelope = await callers.endorse(['put', 'given-up', 'x']);
    const cancel = new AbortController();
    const abandoned = outcomeOf(
      raw.outcome(openHeader(envelope).getTxId(), 'records', { signal: cancel.signal }).then(codeName),
    );
    setTimeout(() => cancel.abort(), 100);
    return { abandoned: await abandoned, after: await callers.commit(envelope) };
  },

  'a transaction of somebody else: every member may ask': async (callers) => {
    const envelope = await callers.endorse(['put', 'asked', 'x']);
    await callers.commit(envelope);
    return codeName(await callers.raw('InsurerMSP').outcome(openHeader(envelope).getTxId()));
  },

  'what is missing in a question is named': async (callers) => ({
    noRequest: await ask(callers, (request) => request.setRequest('')),
    garbage: await ask(callers, (request) => request.setRequest(Uint8Array.from([0xff, 0xff]))),
    noSignature: await ask(callers, (request) => request.setSignature('')),
    wrongSignature: await ask(callers, (request) => request.setSignature(Buffer.alloc(70, 1))),
    noTransaction: await outcomeOf(callers.raw().outcome('', 'records', soon()).then(codeName)),
    noChannel: await outcomeOf(callers.raw().outcome(nobodys, '', soon()).then(codeName)),
    otherChannel: await outcomeOf(callers.raw().outcome(nobodys, 'elsewhere', soon()).then(codeName)),
  }),
};
