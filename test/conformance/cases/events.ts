import { checkpointers } from '@hyperledger/fabric-gateway';
import { common, gateway } from '@hyperledger/fabric-protos';
import { text } from '../../support/ledger.ts';
import type { Cases } from '../groups.ts';
import { codeName, type Json, outcomeOf } from '../outcome.ts';
import { announce, first, take } from '../streams.ts';

export const events: Cases = {
  'chaincode events arrive as they commit, in order, with name and payload': async (callers) => {
    const arrived = take(await callers.network().getChaincodeEvents('records'), 2);
    // The stream begins with the next block once the peer has heard of it.
    await new Promise((resolve) => setTimeout(resolve, 300));
    await announce(callers, 'Alpha', 'one');
    await announce(callers, 'Beta', 'two');
    return (await arrived).map(({ eventName, payload, chaincodeName, transactionId }) => ({
      eventName,
      payload: text(payload),
      chaincodeName,
      hasId: transactionId.length === 64,
    }));
  },

  'chaincode events replay from a block, and go on after a checkpoint': async (callers) => {
    const startBlock = await announce(callers, 'r1');
    await announce(callers, 'r2');
    await announce(callers, 'r3');
    const network = callers.network();
    const replayed = await take(await network.getChaincodeEvents('records', { startBlock }), 3);
    const checkpoint = checkpointers.inMemory();
    await checkpoint.checkpointChaincodeEvent(replayed[1]!);
    const rest = await take(await network.getChaincodeEvents('records', { checkpoint }), 1);
    await checkpoint.checkpointBlock(startBlock);
    const afterBlock = await take(await network.getChaincodeEvents('records', { checkpoint }), 1);
    return [replayed, rest, afterBlock].map((list) => list.map(({ eventName }) => eventName));
  },

  'a burst of events is replayed in the order in which it came, also from its middle': async (callers) => {
    const startBlock = await announce(callers, 'before');
    const network = callers.network();
    await Promise.all(Array.from({ length: 12 }, (_, i) => announce(callers, `burst${i}`)));
    const all = await take(await network.getChaincodeEvents('records', { startBlock }), 13);
    const checkpoint = checkpointers.inMemory();
    await checkpoint.checkpointChaincodeEvent(all[4]!);
    const rest = await take(await network.getChaincodeEvents('records', { startBlock, checkpoint }), 8);
    const ids = (list: typeof all) => list.map(({ transactionId }) => transactionId).join();
    return {
      count: new Set(all.map(({ eventName }) => eventName)).size,
      same: ids(rest) === ids(all.slice(5)),
    };
  },

  'an invalid transaction announces nothing, and is in its block all the same': async (callers) => {
    const startBlock = await announce(callers, 'quiet0');
    const raw = callers.raw();
    const two = await callers.endorse(['announce', 'Invalid', 'x'], ['RiversideMSP', 'LakesideMSP']);
    const txId = await raw.submit(two);
    await callers.outcome(txId);
    await announce(callers, 'quiet1');
    const told = await take(await callers.network().getChaincodeEvents('records', { startBlock }), 2);
    const blocks = await take(await callers.network().getFilteredBlockEvents({ startBlock }), 3);
    return {
      told: told.map(({ eventName }) => eventName),
      blocks: blocks.map((block) =>
        block.getFilteredTransactionsList().map((one) => ({
          code: codeName(one.getTxValidationCode()),
          events: one.getTransactionActions()!.getChaincodeActionsList().length,
        })),
      ),
    };
  },

  'a stream without a start begins with the next block': async (callers) => {
    await announce(callers, 'before');
    const [filtered, whole] = [
      await callers.network().getFilteredBlockEvents(),
      await callers.network().getBlockEvents(),
    ];
    const served = [first(Promise.resolve(filtered)), first(Promise.resolve(whole))];
    await new Promise((resolve) => setTimeout(resolve, 300));
    await announce(callers, 'after');
    return Promise.all(served);
  },

  'events from a block that is not there yet are waited for': async (callers) => {
    const startBlock = (await announce(callers, 'ahead0')) + 3n;
    const served = take(await callers.network().getChaincodeEvents('records', { startBlock }), 1);
    for (const name of ['ahead1', 'ahead2', 'ahead3']) await announce(callers, name);
    return (await served).map(({ eventName }) => eventName);
  },

  'events of another chaincode do not come': async (callers) => {
    const startBlock = await announce(callers, 'unheard');
    const other = await callers.network().getChaincodeEvents('elsewhere', { startBlock });
    const served = first(Promise.resolve(other));
    const silence = new Promise<Json>((resolve) => setTimeout(() => resolve('silence'), 300));
    const heard = await Promise.race([served, silence]);
    other.close();
    await served;
    return heard;
  },

  'a third party gets no blocks and no events': async (callers) => {
    const insurer = callers.network('InsurerMSP');
    const startBlock = 0n;
    return {
      blocks: await first(insurer.getBlockEvents({ startBlock })),
      filtered: await first(insurer.getFilteredBlockEvents({ startBlock })),
      privateData: await first(insurer.getBlockAndPrivateDataEvents({ startBlock })),
      events: await first(insurer.getChaincodeEvents('records', { startBlock })),
    };
  },

  'a channel that is not there has no events': async (callers) => {
    const nowhere = callers.as().gateway.getNetwork('elsewhere');
    return {
      blocks: await first(nowhere.getBlockEvents({ startBlock: 0n })),
      events: await first(nowhere.getChaincodeEvents('records', { startBlock: 0n })),
    };
  },

  'a question for events that is not one': async (callers) => {
    const raw = callers.raw();
    const ask = (request: Uint8Array) => {
      const signed = new gateway.SignedChaincodeEventsRequest();
      signed.setRequest(request);
      signed.setSignature(raw.sign(request));
      return outcomeOf(
        raw
          .call('gateway.Gateway/ChaincodeEvents', signed, common.Envelope, {
            signal: AbortSignal.timeout(500),
          })
          .then(() => 'served'),
      );
    };
    const request = (edit: (made: gateway.ChaincodeEventsRequest) => void) => {
      const made = new gateway.ChaincodeEventsRequest();
      made.setChannelId('records');
      made.setChaincodeId('records');
      made.setIdentity(raw.creator);
      edit(made);
      return ask(made.serializeBinary());
    };
    return {
      empty: await ask(new Uint8Array()),
      garbage: await ask(Uint8Array.from([0xff, 0xff])),
      noChannel: await request((made) => made.setChannelId('')),
      noIdentity: await request((made) => made.setIdentity('')),
      noChaincode: await request((made) => made.setChaincodeId('')),
    };
  },
};
