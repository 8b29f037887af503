import { createHash } from 'node:crypto';
import { checkpointers } from '@hyperledger/fabric-gateway';
import { common, type peer } from '@hyperledger/fabric-protos';
import { headerHash } from '../../network/embedded/block.ts';
import { startTestLedger, type TestLedger, text } from '../support/ledger.ts';

describe('events and blocks', () => {
  let net: TestLedger;
  beforeAll(async () => {
    net = await startTestLedger();
  });
  afterAll(() => net.stop());

  const network = (mspId = 'RiversideMSP') => net.as(mspId).gateway.getNetwork('records');
  const announce = (name: string, payload: string) =>
    network('LakesideMSP').getContract('records').submitTransaction('announce', name, payload);

  async function take<Item>(events: AsyncIterable<Item> & { close(): void }, count: number): Promise<Item[]> {
    const items: Item[] = [];
    try {
      for await (const item of events) {
        items.push(item);
        if (items.length === count) break;
      }
    } finally {
      events.close();
    }
    return items;
  }

  test('chaincode events arrive live, in order, with name and payload', async () => {
    const events = await network().getChaincodeEvents('records');
    const arrived = take(events, 2);
    await announce('Alpha', 'one');
    await announce('Beta', 'two');
    const [first, second] = await arrived;
    expect([first!.eventName, text(first!.payload)]).toEqual(['Alpha', 'one']);
    expect([second!.eventName, text(second!.payload)]).toEqual(['Beta', 'two']);
  });

  test('chaincode events replay from a block and go on after a checkpoint', async () => {
    const startBlock = BigInt(net.ledger.height);
    for (const name of ['r1', 'r2', 'r3']) await announce(name, name);
    const replayed = await take(await network().getChaincodeEvents('records', { startBlock }), 3);
    expect(replayed.map((event) => event.eventName)).toEqual(['r1', 'r2', 'r3']);
    const checkpoint = checkpointers.inMemory();
    await checkpoint.checkpointChaincodeEvent(replayed[1]!);
    const rest = await take(await network().getChaincodeEvents('records', { checkpoint }), 1);
    expect(rest[0]!.eventName).toBe('r3');
  });

  test('events of several transactions in one block continue after the checkpointed one', async () => {
    const startBlock = BigInt(net.ledger.height);
    await Promise.all(Array.from({ length: 12 }, (_, i) => announce(`burst${i}`, String(i))));
    const all = await take(await network().getChaincodeEvents('records', { startBlock }), 12);
    const checkpoint = checkpointers.inMemory();
    await checkpoint.checkpointChaincodeEvent(all[4]!);
    const rest = await take(await network().getChaincodeEvents('records', { startBlock, checkpoint }), 7);
    expect(rest.map((event) => event.transactionId)).toEqual(
      all.slice(5).map((event) => event.transactionId),
    );
  });

  test('events of another chaincode name do not come', async () => {
    const other = await network().getChaincodeEvents('other', { startBlock: 0n });
    const first = take(other, 1);
    await announce('Unheard', 'x');
    const silence = new Promise((resolve) => setTimeout(() => resolve('silence'), 150));
    expect(await Promise.race([first.catch(() => 'closed'), silence])).toBe('silence');
    other.close();
    await first.catch(() => undefined);
  });

  test('blocks are chained by hash from block 0 and carry the data they hash', async () => {
    await announce('Chained', 'x');
    const blocks = await take(await network().getBlockEvents({ startBlock: 0n }), net.ledger.height);
    expect(blocks).toHaveLength(net.ledger.height);
    blocks.forEach((block, i) => {
      const header = block.getHeader()!;
      expect(header.getNumber()).toBe(i);
      if (i > 0)
        expect(Buffer.from(header.getPreviousHash_asU8())).toEqual(headerHash(blocks[i - 1]!.getHeader()!));
      const data = createHash('sha256');
      for (const bytes of block.getData()!.getDataList_asU8()) data.update(bytes);
      expect(Buffer.from(header.getDataHash_asU8())).toEqual(data.digest());
      const slots = block.getMetadata()!.getMetadataList_asU8();
      expect(slots[common.BlockMetadataIndex.TRANSACTIONS_FILTER]).toHaveLength(
        block.getData()!.getDataList().length,
      );
      const signatures = common.Metadata.deserializeBinary(slots[common.BlockMetadataIndex.SIGNATURES]!);
      expect(signatures.getSignaturesList()).toHaveLength(1);
    });
  });

  test('filtered blocks name transactions, codes and events, and hold no payload', async () => {
    const startBlock = BigInt(net.ledger.height);
    await announce('Filtered', 'a payload that stays out');
    const [block] = await take(await network().getFilteredBlockEvents({ startBlock }), 1);
    const transaction = block!.getFilteredTransactionsList()[0]!;
    const event = transaction.getTransactionActions()!.getChaincodeActionsList()[0]!.getChaincodeEvent()!;
    expect([block!.getChannelId(), transaction.getTxValidationCode()]).toEqual(['records', 0]);
    expect([event.getEventName(), event.getTxId()]).toEqual(['Filtered', transaction.getTxid()]);
    expect(Buffer.from(block!.serializeBinary()).includes('stays out')).toBe(false);
  });

  test('the stream with private data serves blocks with none', async () => {
    const startBlock = BigInt(net.ledger.height);
    await announce('Private', 'x');
    const [both] = await take(await network().getBlockAndPrivateDataEvents({ startBlock }), 1);
    expect(both!.getBlock()!.getHeader()!.getNumber()).toBe(Number(startBlock));
    expect(both!.getPrivateDataMapMap().getLength()).toBe(0);
  });

  test('a block stream goes on after a block checkpoint', async () => {
    const checkpoint = checkpointers.inMemory();
    await checkpoint.checkpointBlock(1n);
    const blocks: common.Block[] = await take(await network().getBlockEvents({ checkpoint }), 1);
    expect(blocks[0]!.getHeader()!.getNumber()).toBe(2);
  });

  test('a reader that takes nothing does not hold others up', async () => {
    const slow = await network().getBlockEvents({ startBlock: 0n });
    const value = 'x'.repeat(200_000);
    const contract = network().getContract('records');
    for (let i = 0; i < 20; i++) await contract.submitTransaction('put', `big-${i}`, value);
    const height = net.ledger.height;
    const quick: peer.FilteredBlock[] = await take(
      await network().getFilteredBlockEvents({ startBlock: 0n }),
      height,
    );
    expect(quick).toHaveLength(height);
    expect(await take(slow, height)).toHaveLength(height);
  });
});
