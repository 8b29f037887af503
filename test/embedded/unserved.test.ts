import { request } from 'node:http';
import { status } from '@grpc/grpc-js';
import { common } from '@hyperledger/fabric-protos';
import { readCredential } from '../../network/identities.ts';
import { change } from '../conformance/forgery.ts';
import { startTestLedger, type TestLedger } from '../support/ledger.ts';
import { RawClient } from '../support/raw-client.ts';

const unimplemented = { code: status.UNIMPLEMENTED };

describe('what the stand-in does not do is said to be unimplemented', () => {
  let net: TestLedger;
  let raw: RawClient;
  beforeAll(async () => {
    net = await startTestLedger();
    const { client } = net.ledger.identities.organisations.get('RiversideMSP')!;
    raw = new RawClient(net.access('RiversideMSP'), 'RiversideMSP', readCredential(client)!);
  });
  afterAll(async () => {
    raw.close();
    await net.stop();
  });

  test.each(['cscc', 'lscc', '_lifecycle'])('the system chaincode %s', async (chaincode) => {
    const signed = () => raw.propose({ chaincode, args: ['GetChannels'] });
    await expect(raw.evaluate(signed())).rejects.toMatchObject(unimplemented);
    await expect(raw.endorse(signed())).rejects.toMatchObject(unimplemented);
  });

  test('qscc in a transaction', async () => {
    const signed = raw.propose({ chaincode: 'qscc', args: ['GetChainInfo', 'records'] });
    await expect(raw.endorse(signed)).rejects.toMatchObject(unimplemented);
  });

  test.each([common.HeaderType.CONFIG, common.HeaderType.CONFIG_UPDATE, common.HeaderType.MESSAGE])(
    'ordering an envelope of type %d',
    async (type) => {
      const envelope = change(await raw.endorse(raw.propose({ args: ['noop'] })), ({ channelHeader }) =>
        channelHeader.setType(type),
      );
      await expect(raw.submit(envelope)).rejects.toMatchObject(unimplemented);
    },
  );

  test.each([
    'protos.Endorser/ProcessProposal',
    'orderer.AtomicBroadcast/Broadcast',
    'orderer.AtomicBroadcast/Deliver',
    'discovery.Discovery/Discover',
    'gossip.Gossip/Ping',
    'protos.Snapshot/Generate',
  ])('the service %s', async (path) => {
    await expect(raw.call(path, new common.Envelope(), common.Envelope)).rejects.toMatchObject(unimplemented);
  });

  test.each([
    ['privateData', [], 'private data collections are not supported by the embedded ledger'],
    ['putPrivate', [], 'private data collections are not supported by the embedded ledger'],
    ['validationParameter', ['k'], 'state-based endorsement is not supported by the embedded ledger'],
  ])('%s is an error to the chaincode that says so', async (name, args: string[], reason) => {
    const asked = raw.evaluate(raw.propose({ args: [name, ...args] }));
    await expect(asked).rejects.toMatchObject({
      code: status.UNKNOWN,
      details: expect.stringContaining(reason),
    });
  });

  test('without TLS nobody is served', async () => {
    const plain = new Promise((resolve, reject) => {
      request(`http://${net.ledger.address}/`, resolve).on('error', reject).end();
    });
    await expect(plain).rejects.toThrow();
  });
});

test('a reader that takes nothing does not hold others up', async () => {
  const net = await startTestLedger();
  const { gateway, contract } = net.as('RiversideMSP');
  const network = gateway.getNetwork('records');
  const slow = await network.getBlockEvents({ startBlock: 0n });
  const value = 'x'.repeat(200_000);
  for (let i = 0; i < 20; i++) await contract.submitTransaction('put', `big-${i}`, value);
  const { height } = net.ledger;
  const count = async (events: AsyncIterable<unknown> & { close(): void }) => {
    let taken = 0;
    for await (const _ of events) if (++taken === height) break;
    events.close();
    return taken;
  };
  expect(await count(await network.getFilteredBlockEvents({ startBlock: 0n }))).toBe(height);
  expect(await count(slow)).toBe(height);
  await net.stop();
});
