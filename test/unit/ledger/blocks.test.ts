import { common, orderer } from '@hyperledger/fabric-protos';
import { BlockBroken } from '../../../gateway/src/ledger/chain.ts';
import type { LedgerBlock } from '../../../gateway/src/ledger/ledger.ts';
import { chainOf, compositeKey, envelope } from './fabric-messages.ts';
import { type Script, type ScriptedPeer, startScriptedPeer } from './scripted-peer.ts';

let peerNow: ScriptedPeer | undefined;
afterEach(() => peerNow?.stop());

const five = chainOf(
  [1, 2, 3, 4, 5].map((n) =>
    envelope({
      id: `${n}`.repeat(64),
      writes: { records: { [compositeKey('session', `${n}`)]: `{"n":${n}}` } },
    }),
  ),
);

/** Reads blocks until `count` have come. */
async function read(deliver: NonNullable<Script['deliver']>, start: number, count: number) {
  peerNow = await startScriptedPeer({ deliver });
  const stop = new AbortController();
  const seen: LedgerBlock[] = [];
  for await (const block of peerNow.ledger.blocks(start, stop.signal)) {
    seen.push(block);
    if (seen.length === count) stop.abort();
  }
  return seen;
}

/** The block numbers that the peer was asked to start from. */
function starts(): number[] {
  return (peerNow?.calls.deliver ?? []).map((request) => {
    const payload = common.Payload.deserializeBinary(
      common.Envelope.deserializeBinary(request as Buffer).getPayload_asU8(),
    );
    return (
      orderer.SeekInfo.deserializeBinary(payload.getData_asU8()).getStart()?.getSpecified()?.getNumber() ?? -1
    );
  });
}

test('blocks come in order and the reading ends when the signal aborts', async () => {
  const seen = await read([five], 0, 5);
  expect(seen.map((block) => block.number)).toEqual([0, 1, 2, 3, 4]);
  expect(seen[2]?.transactions[0]?.writes).toEqual([
    { objectType: 'session', attributes: ['3'], value: { n: 3 } },
  ]);
});

test('after lost connections the next block follows the last one read', async () => {
  const seen = await read([five.slice(1, 3), common.Status.SERVICE_UNAVAILABLE, five.slice(3)], 1, 4);
  expect(seen.map((block) => block.number)).toEqual([1, 2, 3, 4]);
  expect(starts()).toEqual([1, 3, 3]);
});

test('a ledger that was exchanged while the connection was lost is noticed', async () => {
  const other = chainOf([1, 2, 3].map(() => envelope({ result: '{"other":1}' })));
  await expect(read([five.slice(0, 2), other.slice(2)], 0, 3)).rejects.toThrow(BlockBroken);
});

test('a member who gets no blocks is told so', async () => {
  await expect(read([common.Status.FORBIDDEN], 0, 1)).rejects.toMatchObject({ code: 'CARE_MEMBERS_ONLY' });
});

test('a peer that has no news is left when the signal aborts', async () => {
  peerNow = await startScriptedPeer({});
  const stop = new AbortController();
  const reading = peerNow.ledger.blocks(9, stop.signal)[Symbol.asyncIterator]().next();
  setImmediate(() => stop.abort());
  expect(await reading).toEqual({ done: true, value: undefined });
});

test('close ends the reading', async () => {
  peerNow = await startScriptedPeer({});
  const reading = peerNow.ledger.blocks(9, new AbortController().signal)[Symbol.asyncIterator]().next();
  peerNow.ledger.close();
  expect(await reading).toEqual({ done: true, value: undefined });
});
