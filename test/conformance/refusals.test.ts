import { createPublicKey, sign } from 'node:crypto';
import { request } from 'node:http';
import { careMembers, DEMO_CONSORTIUM } from '@chartkey/network';
import { common, peer } from '@hyperledger/fabric-protos';
import { type Credential, issueCertificate, makeAuthority } from '../../network/certificates.ts';
import { verifyLowS } from '../../network/embedded/signature.ts';
import { readCredential } from '../../network/identities.ts';
import { startTestLedger, type TestLedger } from '../support/ledger.ts';
import { RawClient, type RawProposal } from '../support/raw-client.ts';

const CANCELLED = 1;
const UNKNOWN = 2;
const INVALID_ARGUMENT = 3;
const DEADLINE_EXCEEDED = 4;
const PERMISSION_DENIED = 7;
const RESOURCE_EXHAUSTED = 8;
const FAILED_PRECONDITION = 9;
const ABORTED = 10;
const UNIMPLEMENTED = 12;
const UNAVAILABLE = 14;

const message = (part: string) => expect.stringContaining(part);

describe('refusals have the codes and details of Fabric', () => {
  let net: TestLedger;
  let raw: RawClient;
  const clients: RawClient[] = [];
  beforeAll(async () => {
    net = await startTestLedger({ maxMessageBytes: 1 << 20, concurrency: 20 });
    raw = client('RiversideMSP', credentialOf('RiversideMSP'));
  });
  afterAll(async () => {
    for (const one of clients) one.close();
    await net.stop();
  });

  const files = (mspId: string) => net.ledger.identities.organisations.get(mspId)!;
  const credentialOf = (mspId: string): Credential => readCredential(files(mspId).client)!;
  function client(mspId: string, credential: Credential): RawClient {
    const made = new RawClient(net.ledger, mspId, credential);
    clients.push(made);
    return made;
  }
  const evaluate = (proposal: RawProposal, by = raw) => by.evaluate(by.propose(proposal));
  const endorse = (proposal: RawProposal, by = raw) => by.endorse(by.propose(proposal));
  const noop = { args: ['noop'] };

  test('a chaincode error crosses as its message, from the endorser that had it', async () => {
    const { contract } = net.as('LakesideMSP');
    const detail = {
      mspId: 'LakesideMSP',
      address: net.ledger.address,
      message: 'chaincode response 500, [GRANT_UNKNOWN] abc',
    };
    await expect(contract.submitTransaction('fail', '[GRANT_UNKNOWN] abc')).rejects.toMatchObject({
      name: 'EndorseError',
      code: ABORTED,
      message: message('failed to endorse transaction, see attached details for more info'),
      details: [detail],
    });
    await expect(contract.evaluateTransaction('fail', '[GRANT_UNKNOWN] abc')).rejects.toMatchObject({
      name: 'GatewayError',
      code: UNKNOWN,
      message: message(
        'evaluate call to endorser returned error: chaincode response 500, [GRANT_UNKNOWN] abc',
      ),
      details: [detail],
    });
  });

  test('an unknown function is a chaincode error', async () => {
    await expect(evaluate({ args: ['nowhere'] })).rejects.toMatchObject({
      code: UNKNOWN,
      details: message('nowhere'),
    });
  });

  test('an unknown channel or chaincode is refused before anything runs', async () => {
    await expect(evaluate({ ...noop, channel: 'x' })).rejects.toMatchObject({ code: UNAVAILABLE });
    await expect(endorse({ ...noop, channel: 'x' })).rejects.toMatchObject({ code: FAILED_PRECONDITION });
    await expect(evaluate({ ...noop, chaincode: 'x' })).rejects.toMatchObject({
      code: FAILED_PRECONDITION,
      details: 'no peers available to evaluate chaincode x in channel records',
    });
    await expect(endorse({ ...noop, chaincode: 'x' })).rejects.toMatchObject({ code: FAILED_PRECONDITION });
    await expect(raw.outcome('a'.repeat(64), 'x')).rejects.toMatchObject({ code: PERMISSION_DENIED });
    await expect(evaluate({ ...noop, channel: '' })).rejects.toMatchObject({ code: INVALID_ARGUMENT });
    await expect(evaluate({ ...noop, chaincode: 'lscc' })).rejects.toMatchObject({ code: UNIMPLEMENTED });
  });

  test('a certificate of an unknown member, or of a member but not issued by it, is refused', async () => {
    const authority = await makeAuthority('ca', 'Nobody');
    const request = { commonName: 'x', organisation: 'Nobody', role: 'client' } as const;
    const stranger = await issueCertificate(authority, request);
    await expect(evaluate(noop, client('NobodyMSP', stranger))).rejects.toMatchObject({
      code: FAILED_PRECONDITION,
      details: message('access denied: channel [records] creator org unknown'),
    });
    await expect(evaluate(noop, client('RiversideMSP', stranger))).rejects.toMatchObject({
      code: FAILED_PRECONDITION,
      details: message('access denied: channel [records] creator org [RiversideMSP]'),
    });
    await expect(endorse(noop, client('RiversideMSP', stranger))).rejects.toMatchObject({ code: ABORTED });
  });

  test("a peer's certificate is not a writer", async () => {
    const node = client('RiversideMSP', readCredential(files('RiversideMSP').peer!)!);
    await expect(evaluate(noop, node)).rejects.toMatchObject({
      code: FAILED_PRECONDITION,
      details: message('/Channel/Application/Writers'),
    });
  });

  test('an expired certificate is refused', async () => {
    const authority = readCredential(files('RiversideMSP').authority)!;
    const notAfter = new Date(Date.now() - 60_000);
    const request = { commonName: 'x', organisation: 'Riverside', role: 'client', notAfter } as const;
    const expired = client('RiversideMSP', await issueCertificate(authority, request));
    await expect(evaluate(noop, expired)).rejects.toMatchObject({ code: UNAVAILABLE });
    await expect(endorse(noop, expired)).rejects.toMatchObject({ code: ABORTED });
    await expect(expired.outcome('a'.repeat(64))).rejects.toMatchObject({ code: PERMISSION_DENIED });
    const endorsed = await endorse(noop);
    await expect(raw.submit(endorsed)).resolves.toHaveLength(64);
  });

  test('a wrong signature, a high-s signature and no signature are refused', async () => {
    const denied = { code: FAILED_PRECONDITION, details: message('access denied: channel [records]') };
    await expect(evaluate({ ...noop, sign: () => Buffer.alloc(70, 1) })).rejects.toMatchObject(denied);
    await expect(evaluate({ ...noop, sign: (bytes) => highS(bytes, raw) })).rejects.toMatchObject(denied);
    await expect(evaluate({ ...noop, sign: () => new Uint8Array() })).rejects.toMatchObject(denied);
    const other = client('LakesideMSP', credentialOf('LakesideMSP'));
    const envelope = await endorse(noop);
    const forbidden = { code: ABORTED, details: message('status=FORBIDDEN') };
    await expect(other.submit(envelope)).rejects.toMatchObject(forbidden);
    await expect(raw.submit(envelope, () => Buffer.alloc(70, 1))).rejects.toMatchObject(forbidden);
    await expect(raw.submit(envelope, () => new Uint8Array())).rejects.toMatchObject({
      code: INVALID_ARGUMENT,
    });
  });

  test('a transaction id of the caller’s choice is refused', async () => {
    await expect(evaluate({ ...noop, txId: 'a'.repeat(64) })).rejects.toMatchObject({
      code: FAILED_PRECONDITION,
      details: message('incorrectly computed txid'),
    });
  });

  test.each([-61_000, -3_600_000, 61_500])(
    'a proposal whose clock is %d ms off is refused',
    async (offset) => {
      const late = { ...noop, time: new Date(Date.now() + offset) };
      await expect(evaluate(late)).rejects.toMatchObject({ code: UNAVAILABLE });
      await expect(endorse(late)).rejects.toMatchObject({ code: ABORTED });
      const reasons = await endorse(late).catch((error) =>
        error.metadata.get('grpc-status-details-bin').join(),
      );
      expect(reasons).toContain('request unauthorized due to incorrect timestamp');
    },
  );

  test('an endorsed transaction may be submitted long after its time', async () => {
    const proposal = raw.propose({ args: ['put', 'late', 'x'], time: new Date(Date.now() - 58_000) });
    expect(await raw.outcome(await raw.submit(await raw.endorse(proposal)))).toBe(0);
  });

  test('a message beyond the limit is refused and the ledger goes on', async () => {
    const big = 'x'.repeat((1 << 20) + 1000);
    await expect(evaluate({ args: ['put', 'big', big] })).rejects.toMatchObject({ code: RESOURCE_EXHAUSTED });
    expect(await evaluate(noop)).toBe('done');
  });

  test('calls beyond the concurrency limit are refused, those within it are served', async () => {
    const calls = Array.from({ length: 30 }, () => evaluate({ args: ['sleep', '300'] }));
    const settled = await Promise.allSettled(calls);
    const refused = settled.filter((one) => one.status === 'rejected');
    expect(refused).toHaveLength(10);
    expect(refused[0]).toMatchObject({
      reason: {
        code: UNKNOWN,
        details: 'too many requests for /gateway.Gateway, exceeding concurrency limit (20)',
      },
    });
    expect(await evaluate(noop)).toBe('done');
  });

  test('a deadline ends an evaluation and the wait for an unknown transaction', async () => {
    const deadline = () => ({ deadline: Date.now() + 300 });
    const { contract } = net.as('RiversideMSP', { evaluateOptions: deadline, commitStatusOptions: deadline });
    const exceeded = { code: DEADLINE_EXCEEDED };
    await expect(contract.evaluateTransaction('sleep', '2000')).rejects.toMatchObject(exceeded);
    const endorsed = await contract.newProposal('put', { arguments: ['never', 'x'] }).endorse();
    const { gateway } = net.as('RiversideMSP', { commitStatusOptions: deadline });
    const unsubmitted = gateway.newCommit(raw.statusRequest(endorsed.getTransactionId()).serializeBinary());
    await expect(unsubmitted.getStatus()).rejects.toMatchObject(exceeded);
  });

  test('a wait that was given up leaves the transaction free to commit', async () => {
    const proposal = raw.propose({ args: ['put', 'given-up', 'x'] });
    const envelope = await raw.endorse(proposal);
    const cancel = new AbortController();
    const abandoned = raw.outcome(transactionOf(proposal), 'records', cancel.signal);
    cancel.abort();
    await expect(abandoned).rejects.toMatchObject({ code: CANCELLED });
    expect(await raw.outcome(await raw.submit(envelope))).toBe(0);
  });

  test('organisations without a peer cannot be asked to endorse', async () => {
    await expect(raw.endorse(raw.propose(noop), ['InsurerMSP'])).rejects.toMatchObject({
      code: UNAVAILABLE,
      details: 'failed to find any endorsing peers for org(s): InsurerMSP',
    });
    await expect(raw.evaluate(raw.propose(noop), ['InsurerMSP'])).rejects.toMatchObject({
      code: FAILED_PRECONDITION,
    });
  });

  test('without TLS nobody is served', async () => {
    const plain = new Promise((resolve, reject) => {
      request(`http://${net.ledger.address}/`, resolve).on('error', reject).end();
    });
    await expect(plain).rejects.toThrow();
  });

  test('a block stream of an unknown channel says so', async () => {
    const events = await net.as('RiversideMSP').gateway.getNetwork('x').getBlockEvents({ startBlock: 0n });
    await expect(
      (async () => {
        for await (const block of events) return block;
        return undefined;
      })(),
    ).rejects.toThrow('Unexpected status response: 404');
    events.close();
  });
});

test('with two peers up nothing can be endorsed, and evaluation goes on', async () => {
  const net = await startTestLedger({
    endorsingPeers: careMembers(DEMO_CONSORTIUM)
      .slice(0, 2)
      .map(({ id }) => id),
  });
  const { contract } = net.as('InsurerMSP');
  await expect(contract.submitTransaction('noop')).rejects.toMatchObject({
    code: FAILED_PRECONDITION,
    message: message('no combination of peers can be derived which satisfy the endorsement policy'),
  });
  expect(Buffer.from(await contract.evaluateTransaction('noop')).toString()).toBe('done');
  await net.stop();
});

/** A signature that is right but for its high s; half of OpenSSL's are. */
function highS(bytes: Uint8Array, by: RawClient): Uint8Array {
  const publicKey = createPublicKey(by.key);
  for (;;) {
    const signature = sign('sha256', bytes, by.key);
    if (!verifyLowS(publicKey, bytes, signature)) return signature;
  }
}

function transactionOf(signed: peer.SignedProposal): string {
  const proposal = peer.Proposal.deserializeBinary(signed.getProposalBytes_asU8());
  const header = common.Header.deserializeBinary(proposal.getHeader_asU8());
  return common.ChannelHeader.deserializeBinary(header.getChannelHeader_asU8()).getTxId();
}
