import { createHash, createPrivateKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { signers } from '@hyperledger/fabric-gateway';
import { common } from '@hyperledger/fabric-protos';
import { startTestLedger, type TestLedger, text } from '../support/ledger.ts';

describe('transactions through the unmodified client and shim', () => {
  let net: TestLedger;
  beforeAll(async () => {
    net = await startTestLedger();
  });
  afterAll(() => net.stop());

  const contract = (mspId = 'RiversideMSP') => net.as(mspId).contract;

  test('what one member submits another evaluates', async () => {
    await contract().submitTransaction('put', 'colour', 'blue');
    expect(text(await contract('LakesideMSP').evaluateTransaction('get', 'colour'))).toBe('blue');
    await contract('InsurerMSP').submitTransaction('remove', 'colour');
    expect(text(await contract().evaluateTransaction('get', 'colour'))).toBe('');
  });

  test('endorse, submit and commit status are three steps with one transaction id', async () => {
    const proposal = contract().newProposal('append', { arguments: ['steps', 'a'] });
    const transaction = await proposal.endorse();
    expect(text(transaction.getResult())).toBe('a');
    const commit = await transaction.submit();
    const status = await commit.getStatus();
    expect(status).toMatchObject({ successful: true, code: 0, transactionId: proposal.getTransactionId() });
    expect(Number(status.blockNumber)).toBe(net.ledger.height - 1);
  });

  test('an evaluation changes nothing', async () => {
    const before = net.ledger.height;
    await contract().evaluateTransaction('put', 'ghost', 'x');
    expect(text(await contract().evaluateTransaction('get', 'ghost'))).toBe('');
    expect(net.ledger.height).toBe(before);
  });

  test('signatures made elsewhere are accepted at every step', async () => {
    const { gateway, contract: offline } = net.as('LakesideMSP', { signer: undefined as never });
    const files = net.ledger.identities.organisations.get('LakesideMSP')!.client;
    const sign = signers.newPrivateKeySigner(createPrivateKey(readFileSync(files.privateKey)));
    const unsigned = offline.newProposal('put', { arguments: ['offline', 'yes'] });
    const proposal = gateway.newSignedProposal(unsigned.getBytes(), await sign(unsigned.getDigest()));
    const endorsed = await proposal.endorse();
    const transaction = gateway.newSignedTransaction(endorsed.getBytes(), await sign(endorsed.getDigest()));
    const submitted = await transaction.submit();
    const commit = gateway.newSignedCommit(submitted.getBytes(), await sign(submitted.getDigest()));
    expect((await commit.getStatus()).successful).toBe(true);
  });

  test('transient data reaches the chaincode and never a block', async () => {
    const secret = 'a secret that must not be in any block';
    const proposal = contract().newProposal('keepSecret', { transientData: { secret } });
    const commit = await (await proposal.endorse()).submit();
    const { blockNumber } = await commit.getStatus();
    const kept = createHash('sha256').update(secret).digest('hex');
    expect(text(await contract().evaluateTransaction('get', 'secret-hash'))).toBe(kept);
    const system = net.as('RiversideMSP').gateway.getNetwork('records').getContract('qscc');
    const block = await system.evaluateTransaction('GetBlockByNumber', 'records', String(blockNumber));
    expect(Buffer.from(block).includes(kept)).toBe(true);
    expect(Buffer.from(block).includes(secret)).toBe(false);
  });

  test('a transaction reads what was committed, not what it wrote', async () => {
    await contract().submitTransaction('put', 'own', 'before');
    expect(text(await contract().submitTransaction('putThenGet', 'own', 'after'))).toBe('before');
    expect(text(await contract().evaluateTransaction('get', 'own'))).toBe('after');
  });

  test('a range of many keys comes whole, in byte order, without its neighbours', async () => {
    await contract().submitTransaction('addItems', 'long', '250');
    await contract().submitTransaction('addItem', 'longer', 'other');
    const items = JSON.parse(text(await contract().evaluateTransaction('items', 'long')));
    expect(items).toHaveLength(250);
    expect(items).toEqual([...items].sort());
  });

  test('pages follow each other by bookmark until none is left', async () => {
    await contract().submitTransaction('addItems', 'paged', '5');
    const page = async (bookmark: string) =>
      JSON.parse(text(await contract().evaluateTransaction('page', 'paged', '2', bookmark)));
    const first = await page('');
    const second = await page(first.bookmark);
    const third = await page(second.bookmark);
    expect([first.items, second.items, third.items].flat()).toEqual([
      '00000',
      '00001',
      '00002',
      '00003',
      '00004',
    ]);
    expect(third.bookmark).toBe('');
  });

  test('simple ranges leave composite keys out', async () => {
    await contract().submitTransaction('put', 'zz-1', 'x');
    await contract().submitTransaction('put', 'zz-2', 'x');
    await contract().submitTransaction('addItem', 'zz', 'y');
    const keys = JSON.parse(text(await contract().evaluateTransaction('keysBetween', 'zz-1', 'zz-3')));
    expect(keys).toEqual(['zz-1', 'zz-2']);
    expect(JSON.parse(text(await contract().evaluateTransaction('keysBetween', '', '')))).not.toContain('y');
  });

  test('keys beyond ASCII keep the byte order of UTF-8', async () => {
    for (const key of ['u-\u{1f600}', 'u-\uffee', 'u-é', 'u-z'])
      await contract().submitTransaction('put', key, 'x');
    const keys = JSON.parse(text(await contract().evaluateTransaction('keysBetween', 'u-', 'u.')));
    expect(keys).toEqual(['u-z', 'u-é', 'u-\uffee', 'u-\u{1f600}']);
  });

  test('the chaincode learns who calls', async () => {
    expect(text(await contract('InsurerMSP').evaluateTransaction('caller'))).toBe('InsurerMSP');
  });

  test('many transactions run at once on the one stream', async () => {
    const one = contract();
    const order: string[] = [];
    const rest = (milliseconds: string) =>
      one.evaluateTransaction('sleep', milliseconds).then(() => order.push(milliseconds));
    await Promise.all([rest('900'), rest('1')]);
    expect(order).toEqual(['1', '900']);
    const keys = Array.from({ length: 120 }, (_, i) => `many-${i}`);
    await Promise.all(keys.map((key) => one.submitTransaction('put', key, key)));
    const back = await Promise.all(keys.map(async (key) => text(await one.evaluateTransaction('get', key))));
    expect(back).toEqual(keys);
  });

  test('system queries answer about blocks and transactions', async () => {
    const proposal = contract().newProposal('put', { arguments: ['q', '1'] });
    const { blockNumber } = await (await (await proposal.endorse()).submit()).getStatus();
    const system = net.as('RegulatorMSP').gateway.getNetwork('records').getContract('qscc');
    const query = (name: string, ...args: string[]) => system.evaluateTransaction(name, 'records', ...args);
    const info = common.BlockchainInfo.deserializeBinary(await query('GetChainInfo'));
    expect(info.getHeight()).toBe(net.ledger.height);
    const byId = common.Block.deserializeBinary(await query('GetBlockByTxID', proposal.getTransactionId()));
    expect(byId.getHeader()!.getNumber()).toBe(Number(blockNumber));
    const found = await query('GetTransactionByID', proposal.getTransactionId());
    expect(Buffer.from(found).includes(proposal.getTransactionId())).toBe(true);
    await expect(query('GetBlockByNumber', '999999')).rejects.toMatchObject({ code: 2 });
    await expect(query('Nonsense', 'x')).rejects.toThrow('Requested function Nonsense not found.');
  });

  test.each([
    ['callOther', 'other', 'calling another chaincode is not supported'],
    ['history', 'key', 'history database is not enabled'],
    ['richQuery', '', 'ExecuteQuery not supported for leveldb'],
    ['privateData', '', 'private data collections are not supported'],
    ['pageThenPut', 'paged', 'Transaction has already performed a paginated query'],
  ])('%s is refused with a reason', async (name, argument, reason) => {
    const args = argument === '' ? [] : [argument];
    await expect(contract().evaluateTransaction(name, ...args)).rejects.toMatchObject({
      code: 2,
      details: [{ message: expect.stringContaining(reason) }],
    });
  });
});
