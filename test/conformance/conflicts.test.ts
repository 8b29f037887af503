import { type common, peer } from '@hyperledger/fabric-protos';
import { readCredential } from '../../network/identities.ts';
import { startTestLedger, type TestLedger } from '../support/ledger.ts';
import { RawClient } from '../support/raw-client.ts';

const Code = peer.TxValidationCode;

describe('conflicts', () => {
  let net: TestLedger;
  let raw: RawClient;
  beforeAll(async () => {
    net = await startTestLedger();
    const { client } = net.ledger.identities.organisations.get('RiversideMSP')!;
    raw = new RawClient(net.ledger, 'RiversideMSP', readCredential(client)!);
  });
  afterAll(async () => {
    raw.close();
    await net.stop();
  });

  const endorse = (args: string[]) => raw.endorse(raw.propose({ args }));
  const commit = async (envelope: common.Envelope) => raw.outcome(await raw.submit(envelope));
  const get = async (key: string) => raw.evaluate(raw.propose({ args: ['get', key] }));

  test('two transactions that read the same key: the later one is MVCC_READ_CONFLICT', async () => {
    const [first, second] = [await endorse(['append', 'mvcc', 'a']), await endorse(['append', 'mvcc', 'b'])];
    expect(await commit(first)).toBe(Code.VALID);
    expect(await commit(second)).toBe(Code.MVCC_READ_CONFLICT);
    expect(await get('mvcc')).toBe('a');
  });

  test('conflicts are found inside one block too', async () => {
    const endorsed = await Promise.all(
      ['a', 'b', 'c'].map((value) => endorse(['append', 'block-mvcc', value])),
    );
    const codes = await Promise.all(endorsed.map(commit));
    expect(codes.toSorted()).toEqual(
      [Code.VALID, Code.MVCC_READ_CONFLICT, Code.MVCC_READ_CONFLICT].toSorted(),
    );
  });

  test('a key that was deleted and made again is another version', async () => {
    await commit(await endorse(['put', 'again', 'x']));
    const late = await endorse(['append', 'again', 'y']);
    await commit(await endorse(['remove', 'again']));
    await commit(await endorse(['put', 'again', 'x']));
    expect(await commit(late)).toBe(Code.MVCC_READ_CONFLICT);
  });

  test.each([
    ['added', ['addItem', 'phantom', '3']],
    ['removed', ['removeItem', 'phantom', '2']],
    ['changed', ['addItem', 'phantom', '1']],
  ])('an item %s in a range that was read is PHANTOM_READ_CONFLICT', async (_, change) => {
    await commit(await endorse(['addItem', 'phantom', '1']));
    await commit(await endorse(['addItem', 'phantom', '2']));
    const late = await endorse(['storeCount', 'phantom']);
    expect(await commit(await endorse(change))).toBe(Code.VALID);
    expect(await commit(late)).toBe(Code.PHANTOM_READ_CONFLICT);
  });

  test('a phantom inside one block is found', async () => {
    const counted = await endorse(['storeCount', 'same-block']);
    const added = await endorse(['addItem', 'same-block', '1']);
    expect(await Promise.all([commit(added), commit(counted)])).toEqual([
      Code.VALID,
      Code.PHANTOM_READ_CONFLICT,
    ]);
  });

  test('a range read in part is protected only as far as it was read', async () => {
    await commit(await endorse(['addItems', 'partly', '205']));
    const early = await endorse(['firstItems', 'partly', '3']);
    await commit(await endorse(['addItem', 'partly', '00204']));
    expect(await commit(early)).toBe(Code.VALID);
    const late = await endorse(['firstItems', 'partly', '3']);
    await commit(await endorse(['addItem', 'partly', '00001-between']));
    expect(await commit(late)).toBe(Code.PHANTOM_READ_CONFLICT);
  });

  test('a removal of what never was in a range is no phantom', async () => {
    const counted = await endorse(['storeCount', 'untouched']);
    await commit(await endorse(['removeItem', 'untouched', 'nothing']));
    expect(await commit(counted)).toBe(Code.VALID);
  });
});
