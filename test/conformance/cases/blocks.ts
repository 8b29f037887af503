import { createHash } from 'node:crypto';
import { checkpointers } from '@hyperledger/fabric-gateway';
import { common, peer } from '@hyperledger/fabric-protos';
import { headerHash } from '../../../network/embedded/block.ts';
import type { RawSeek } from '../../support/raw-messages.ts';
import type { Callers } from '../callers.ts';
import type { Cases } from '../groups.ts';
import { codeName, type Json, outcomeOf } from '../outcome.ts';
import { announce, take } from '../streams.ts';

type Method = 'Deliver' | 'DeliverFiltered' | 'DeliverWithPrivateData';

const statusName = (code: number) =>
  Object.entries(common.Status).find(([, value]) => value === code)?.[0] ?? String(code);

/** Numbers of the blocks that a seek gives, relative to `from`, and the status it ends with; `count` cuts it. */
async function seek(
  callers: Callers,
  words: RawSeek & { from?: number; method?: Method; count?: number; by?: string },
): Promise<Json> {
  const { from = 0, method = 'Deliver', count = 20, by } = words;
  const told: Json[] = [];
  const deliver = async () => {
    for await (const answer of callers.raw(by).deliver(method, words)) {
      told.push(answer.hasStatus() ? statusName(answer.getStatus()) : numberOf(answer) - from);
      if (told.length === count) break;
    }
    return told;
  };
  return outcomeOf(deliver());
}

function numberOf(answer: peer.DeliverResponse): number {
  if (answer.hasFilteredBlock()) return answer.getFilteredBlock()!.getNumber();
  const block = answer.getBlock() ?? answer.getBlockAndPrivateData()!.getBlock()!;
  return block.getHeader()!.getNumber();
}

/** Writes three blocks and tells the number of the first. */
async function three(callers: Callers): Promise<number> {
  const commit = await callers.contract().submitAsync('put', { arguments: ['block', '1'] });
  const { blockNumber } = await commit.getStatus();
  await callers.write('put', 'block', '2');
  await callers.write('put', 'block', '3');
  return Number(blockNumber);
}

export const blocks: Cases = {
  'filtered blocks name transactions, codes and events, and hold no payload': async (callers) => {
    const startBlock = await announce(callers, 'Filtered', 'a payload that stays out');
    const [block] = await take(await callers.network().getFilteredBlockEvents({ startBlock }), 1);
    const [transaction] = block!.getFilteredTransactionsList();
    const event = transaction!.getTransactionActions()!.getChaincodeActionsList()[0]!.getChaincodeEvent()!;
    return {
      channel: block!.getChannelId(),
      code: codeName(transaction!.getTxValidationCode()),
      type: transaction!.getType(),
      event: event.getEventName(),
      chaincode: event.getChaincodeId(),
      sameId: event.getTxId() === transaction!.getTxid(),
      payload: event.getPayload_asU8().length,
    };
  },

  'blocks come with and without private data, and after a checkpoint': async (callers) => {
    const startBlock = await announce(callers, 'Private');
    const network = callers.network();
    const [both] = await take(await network.getBlockAndPrivateDataEvents({ startBlock }), 1);
    const checkpoint = checkpointers.inMemory();
    await checkpoint.checkpointBlock(startBlock - 1n);
    const [after] = await take(await network.getBlockEvents({ checkpoint }), 1);
    const number = Number(startBlock);
    return {
      sameBlock: both!.getBlock()!.getHeader()!.getNumber() === number,
      collections: both!.getPrivateDataMapMap().getLength(),
      afterCheckpoint: after!.getHeader()!.getNumber() - number,
    };
  },

  'a seek gives what lies between its ends, and says that it is done': async (callers) => {
    const from = await three(callers);
    return {
      numbers: await seek(callers, { start: from, stop: from + 2, from }),
      one: await seek(callers, { start: from, stop: from, from }),
      newest: await seek(callers, { start: 'newest', stop: 'newest', from }),
      upToNewest: await seek(callers, { start: from, stop: 'newest', from }),
      oldest: await seek(callers, { start: 'oldest', stop: 0 }),
      filtered: await seek(callers, { start: from, stop: from + 2, from, method: 'DeliverFiltered' }),
      privateData: await seek(callers, { start: from, stop: from, from, method: 'DeliverWithPrivateData' }),
    };
  },

  'a seek beyond the newest block waits, or says that it is not there': async (callers) => {
    const from = await three(callers);
    const next = seek(callers, { start: 'next', stop: from + 3, from });
    const ahead = seek(callers, { start: from + 4, stop: from + 4, from });
    const failing = { failIfNotReady: true, from };
    const notReady = {
      beyond: await seek(callers, { start: from + 3, stop: from + 3, ...failing }),
      running: await seek(callers, { start: from + 1, stop: from + 9, ...failing }),
      next: await seek(callers, { start: 'next', stop: from + 9, ...failing }),
    };
    await callers.write('put', 'block', '4');
    await callers.write('put', 'block', '5');
    return { ...notReady, waited: await next, ahead: await ahead };
  },

  'a seek that cannot be': async (callers) => {
    const from = await three(callers);
    const plain = { start: from, stop: from, from };
    return {
      reversed: await seek(callers, { start: from + 1, stop: from, from }),
      noStart: await seek(callers, { start: undefined, stop: from, from }),
      noStop: await seek(callers, { start: from, stop: undefined, from }),
      old: await seek(callers, { ...plain, time: new Date(Date.now() - 3_600_000) }),
      otherChannel: await seek(callers, { ...plain, channel: 'elsewhere' }),
      noChannel: await seek(callers, { ...plain, channel: '' }),
      wrongSignature: await seek(callers, { ...plain, sign: () => Buffer.alloc(70, 1) }),
      thirdParty: await seek(callers, { ...plain, by: 'InsurerMSP' }),
    };
  },

  'blocks are chained by hash from block 0, carry what they hash, and are signed': async (callers) => {
    const until = await three(callers);
    const wrong: string[] = [];
    let before: common.BlockHeader | undefined;
    for await (const answer of callers.raw().deliver('Deliver', { start: 0, stop: until })) {
      const block = answer.getBlock();
      if (!block) break;
      const header = block.getHeader()!;
      const data = block.getData()!.getDataList_asU8();
      const hash = createHash('sha256');
      for (const bytes of data) hash.update(bytes);
      if (!hash.digest().equals(header.getDataHash_asU8())) wrong.push('data');
      if (before && !headerHash(before).equals(header.getPreviousHash_asU8())) wrong.push('chain');
      const slots = block.getMetadata()!.getMetadataList_asU8();
      if (slots[common.BlockMetadataIndex.TRANSACTIONS_FILTER]!.length !== data.length) wrong.push('codes');
      const signed = common.Metadata.deserializeBinary(slots[common.BlockMetadataIndex.SIGNATURES]!);
      if (before && signed.getSignaturesList().length === 0) wrong.push('signatures');
      before = header;
    }
    return { reached: before?.getNumber() === until, wrong };
  },

  'the query chaincode answers about blocks and transactions': async (callers) => {
    const proposal = callers.contract().newProposal('put', { arguments: ['q', '1'] });
    const txId = proposal.getTransactionId();
    const { blockNumber } = await (await (await proposal.endorse()).submit()).getStatus();
    const system = callers.network().getContract('qscc');
    const query = (name: string, ...args: string[]) => system.evaluateTransaction(name, 'records', ...args);
    const info = common.BlockchainInfo.deserializeBinary(await query('GetChainInfo'));
    const numberIn = (bytes: Uint8Array) => common.Block.deserializeBinary(bytes).getHeader()!.getNumber();
    const found = peer.ProcessedTransaction.deserializeBinary(await query('GetTransactionByID', txId));
    return {
      height: info.getHeight() - Number(blockNumber),
      byNumber: numberIn(await query('GetBlockByNumber', String(blockNumber))) === Number(blockNumber),
      byTransaction: numberIn(await query('GetBlockByTxID', txId)) === Number(blockNumber),
      byHash: numberIn(await byHash(callers, info.getCurrentblockhash_asU8())) === Number(blockNumber),
      transaction: found.getValidationcode(),
    };
  },

  'what the query chaincode refuses': async (callers) => {
    const ask = (organisation: string, ...[name, ...args]: [string, ...string[]]) => {
      const system = callers.network(organisation).getContract('qscc');
      return outcomeOf(system.evaluateTransaction(name, ...args).then(() => 'answered'));
    };
    const unknown = 'a'.repeat(64);
    return {
      number: await ask('RiversideMSP', 'GetBlockByNumber', 'records', '999999'),
      notANumber: await ask('RiversideMSP', 'GetBlockByNumber', 'records', 'x'),
      transaction: await ask('RiversideMSP', 'GetTransactionByID', 'records', unknown),
      blockOf: await ask('RiversideMSP', 'GetBlockByTxID', 'records', unknown),
      hash: await ask('RiversideMSP', 'GetBlockByHash', 'records', 'x'),
      function: await ask('RiversideMSP', 'Nonsense', 'records', 'x'),
      argument: await ask('RiversideMSP', 'GetBlockByNumber', 'records'),
      channel: await ask('RiversideMSP', 'GetChainInfo', 'elsewhere'),
      noChannel: await ask('RiversideMSP', 'GetChainInfo'),
      thirdParty: await ask('InsurerMSP', 'GetChainInfo', 'records'),
      thirdPartyBlock: await ask('InsurerMSP', 'GetBlockByNumber', 'records', '0'),
      thirdPartyTransaction: await ask('InsurerMSP', 'GetTransactionByID', 'records', unknown),
      thirdPartyBlockOf: await ask('InsurerMSP', 'GetBlockByTxID', 'records', unknown),
    };
  },
};

function byHash(callers: Callers, hash: Uint8Array): Promise<Uint8Array> {
  const system = callers.network().getContract('qscc');
  return system.evaluate('GetBlockByHash', { arguments: ['records', hash] });
}
