import { startTestLedger, type TestLedger } from '../support/ledger.ts';

const UNKNOWN = 2;
const PERMISSION_DENIED = 7;

describe('third parties', () => {
  let net: TestLedger;
  beforeAll(async () => {
    net = await startTestLedger();
  });
  afterAll(() => net.stop());

  const insurer = () => net.as('InsurerMSP').gateway.getNetwork('records');
  const firstOf = async (events: AsyncIterable<unknown> & { close(): void }) => {
    try {
      for await (const event of events) return event;
      return undefined;
    } finally {
      events.close();
    }
  };

  test('submit, evaluate and learn the outcome', async () => {
    const contract = insurer().getContract('records');
    await contract.submitTransaction('put', 'claim', 'x');
    expect(Buffer.from(await contract.evaluateTransaction('get', 'claim')).toString()).toBe('x');
  });

  test('get no blocks, filtered blocks, private data or events', async () => {
    const startBlock = 0n;
    const forbidden = 'Unexpected status response: 403';
    await expect(insurer().getBlockEvents({ startBlock }).then(firstOf)).rejects.toThrow(forbidden);
    await expect(insurer().getFilteredBlockEvents({ startBlock }).then(firstOf)).rejects.toThrow(forbidden);
    await expect(insurer().getBlockAndPrivateDataEvents({ startBlock }).then(firstOf)).rejects.toThrow(
      forbidden,
    );
    await expect(insurer().getChaincodeEvents('records', { startBlock }).then(firstOf)).rejects.toMatchObject(
      {
        code: PERMISSION_DENIED,
        message: expect.stringContaining('CareReaders'),
      },
    );
  });

  test.each(['GetChainInfo', 'GetBlockByNumber', 'GetBlockByTxID', 'GetTransactionByID'])(
    'may not ask %s',
    async (name) => {
      const query = insurer().getContract('qscc').evaluateTransaction(name, 'records', '0');
      await expect(query).rejects.toMatchObject({
        code: UNKNOWN,
        details: [{ message: expect.stringContaining(`access denied for [${name}][records]`) }],
      });
    },
  );
});
