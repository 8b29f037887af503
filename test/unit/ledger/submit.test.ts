import { createHash } from 'node:crypto';
import { canonicalJson } from '@chartkey/vocabulary';
import { status } from '@grpc/grpc-js';
import { StatusCode } from '@hyperledger/fabric-gateway';
import { gateway, peer } from '@hyperledger/fabric-protos';
import { Refusal, type Script, type ScriptedPeer, startScriptedPeer } from './scripted-peer.ts';

const input = { session: 's', items: [{ b: 1, a: 2 }] };
let peerNow: ScriptedPeer | undefined;

async function start(script: Script, deadlines = {}) {
  peerNow = await startScriptedPeer(script, deadlines);
  return peerNow;
}
afterEach(() => peerNow?.stop());

const valid = { code: StatusCode.VALID, block: 7 };
const lost = new Refusal(status.UNAVAILABLE, 'Connection dropped');
const processed = new Refusal(
  status.UNAVAILABLE,
  'no orderers could successfully process transaction: request already processed',
);

test('a submitted transaction answers its id, its block and what the chaincode answered', async () => {
  const { ledger, calls } = await start({
    endorse: ['{"outcomes":[]}'],
    submit: ['ok'],
    commitStatus: [valid],
  });
  const committed = await ledger.submit('accesses:requestAccess', input);
  expect(committed).toEqual({
    transaction: expect.stringMatching(/^[0-9a-f]{64}$/),
    block: 7,
    result: { outcomes: [] },
  });
  expect([calls.endorse.length, calls.submit.length, calls.commitStatus.length]).toEqual([1, 1, 1]);
});

test('the input crosses once, as canonical JSON beside its digest, and is not in what gets ordered', async () => {
  const { ledger, calls } = await start({ endorse: ['{}'], submit: ['ok'], commitStatus: [valid] });
  await ledger.submit('accesses:requestAccess', input);
  const request = gateway.EndorseRequest.deserializeBinary(calls.endorse[0] as Buffer);
  const signed = peer.Proposal.deserializeBinary(
    request.getProposedTransaction()?.getProposalBytes_asU8() ?? new Uint8Array(),
  );
  const payload = peer.ChaincodeProposalPayload.deserializeBinary(signed.getPayload_asU8());
  const invocation = peer.ChaincodeInvocationSpec.deserializeBinary(payload.getInput_asU8());
  const args = invocation.getChaincodeSpec()?.getInput()?.getArgsList_asU8() ?? [];
  const text = canonicalJson(input);
  expect(args.map((arg) => Buffer.from(arg).toString())).toEqual([
    'accesses:requestAccess',
    createHash('sha256').update(text).digest('base64url'),
  ]);
  const transient = payload.getTransientmapMap().get('input');
  expect(Buffer.from(transient as Uint8Array).toString()).toBe(text);
});

const refusedBy = (...mspIds: string[]) =>
  new Refusal(
    status.ABORTED,
    'failed to collect enough transaction endorsements',
    mspIds.map((mspId) => ({ mspId, message: 'chaincode response 500, [SESSION_UNKNOWN]' })),
  );
const differing = new Refusal(status.ABORTED, 'failed to assemble transaction', [
  'ProposalResponsePayloads do not match',
]);

test('what only other organisations’ peers refuse is proposed again: they may be a block behind', async () => {
  const lagging = refusedBy('LakesideMSP', 'HilltopMSP');
  const { ledger, calls } = await start({
    endorse: [lagging, differing, lagging, '{"a":1}'],
    submit: ['ok'],
    commitStatus: [valid],
  });
  expect(await ledger.submit('accesses:requestAccess', input)).toMatchObject({ block: 7, result: { a: 1 } });
  expect([calls.endorse.length, calls.submit.length]).toEqual([4, 1]);
});

test.each([
  ['what our own peer refuses is refused at once', refusedBy('Riverside'), 'SESSION_UNKNOWN', 1],
  ['what others keep refusing is refused at last', refusedBy('LakesideMSP'), 'SESSION_UNKNOWN', 8],
  ['what endorsers keep answering differently is a conflict', differing, 'LEDGER_CONFLICT', 8],
])('%s', async (_what, refusal, code, proposals) => {
  const { ledger, calls } = await start({ endorse: [refusal] });
  await expect(ledger.submit('accesses:requestAccess', input)).rejects.toMatchObject({ code });
  expect([calls.endorse.length, calls.submit.length]).toEqual([proposals, 0]);
});

test('when the endorsed result is not wanted nothing is submitted', async () => {
  const { ledger, calls } = await start({ endorse: ['{"repeated":true}'] });
  const seen: unknown[] = [];
  const when = (result: unknown) => {
    seen.push(result);
    return false;
  };
  expect(await ledger.submit('consent:grantConsent', input, { when })).toMatchObject({
    block: -1,
    result: { repeated: true },
  });
  expect(seen).toEqual([{ repeated: true }]);
  expect(calls.submit).toHaveLength(0);
});

test('an answer that is no JSON is BROKEN and nothing is submitted', async () => {
  const { ledger, calls } = await start({ endorse: ['no json'] });
  await expect(ledger.submit('consent:grantConsent', input)).rejects.toMatchObject({ code: 'BROKEN' });
  expect(calls.submit).toHaveLength(0);
});

test('the chaincode’s refusal keeps its code and its ids across gRPC', async () => {
  const aborted = new Refusal(
    status.ABORTED,
    'failed to endorse transaction, see attached details for more info',
    ['chaincode response 500, [STALE_SEQUENCE] expected=4'],
  );
  const { ledger } = await start({ endorse: [aborted] });
  await expect(ledger.submit('consent:grantConsent', input)).rejects.toMatchObject({
    code: 'STALE_SEQUENCE',
    about: { expected: '4' },
  });
});

test.each<[string, Script]>([
  ['no endorsement in time', { endorse: ['hang'] }],
  ['a connection lost while endorsing', { endorse: [lost] }],
])('%s leaves nothing behind: LEDGER_UNAVAILABLE', async (_name, script) => {
  const { ledger, calls } = await start(script, { endorse: 300 });
  await expect(ledger.submit('skip', input)).rejects.toMatchObject({ code: 'LEDGER_UNAVAILABLE' });
  expect(calls.submit).toHaveLength(0);
});

test.each<[string, Script]>([
  ['an orderer knew the envelope already', { submit: [processed], commitStatus: [valid] }],
  ['the connection was lost while submitting', { submit: [lost], commitStatus: [valid] }],
  ['the submission was not answered in time', { submit: ['hang'], commitStatus: [valid] }],
  ['the connection was lost while waiting', { submit: ['ok'], commitStatus: [lost, lost, valid] }],
  ['the commit was not told in time', { submit: ['ok'], commitStatus: ['hang', valid] }],
])('a transaction that committed although %s is a success', async (_name, script) => {
  const { ledger } = await start({ endorse: ['{"a":1}'], ...script }, { submit: 300, commit: 300 });
  expect(await ledger.submit('skip', input)).toMatchObject({ block: 7, result: { a: 1 } });
});

test('an envelope whose fate cannot be learned is OUTCOME_UNKNOWN with its transaction', async () => {
  const { ledger, calls } = await start(
    { endorse: ['{}'], submit: [processed], commitStatus: [lost] },
    { findOut: 500 },
  );
  const failure: unknown = await ledger.submit('skip', input).catch((error: unknown) => error);
  const sent = gateway.SubmitRequest.deserializeBinary(calls.submit[0] as Buffer);
  expect(failure).toMatchObject({ code: 'OUTCOME_UNKNOWN', about: { transaction: sent.getTransactionId() } });
});

test('the peer’s limit of requests is BUSY, and nobody asks what became of the envelope', async () => {
  const limit = new Refusal(
    status.UNKNOWN,
    'too many requests for /gateway.Gateway, exceeding concurrency limit (500)',
  );
  const { ledger, calls } = await start({ endorse: ['{}'], submit: [limit] });
  await expect(ledger.submit('skip', input)).rejects.toMatchObject({ code: 'BUSY' });
  expect(calls.commitStatus).toHaveLength(0);
});

test.each<[keyof typeof StatusCode, string]>([
  ['MVCC_READ_CONFLICT', 'LEDGER_CONFLICT'],
  ['PHANTOM_READ_CONFLICT', 'LEDGER_CONFLICT'],
  ['ENDORSEMENT_POLICY_FAILURE', 'BROKEN'],
])('a transaction that stands in a block as %s is %s', async (name, code) => {
  for (const submit of ['ok', processed] as const) {
    const { ledger, stop } = await start({
      endorse: ['{}'],
      submit: [submit],
      commitStatus: [{ code: StatusCode[name], block: 9 }],
    });
    await expect(ledger.submit('skip', input)).rejects.toMatchObject({ code });
    await stop();
  }
});

test('evaluate answers the chaincode’s JSON or its refusal', async () => {
  const refused = new Refusal(
    status.UNKNOWN,
    'evaluate call to endorser returned error: chaincode response 500, [PATIENT_UNKNOWN]',
  );
  const { ledger } = await start({ evaluate: ['{"a":1}', refused] });
  expect(await ledger.evaluate('patients:patient', 'p')).toEqual({ a: 1 });
  await expect(ledger.evaluate('patients:patient', 'p')).rejects.toMatchObject({ code: 'PATIENT_UNKNOWN' });
});

test('commitOf answers block and validity, and OUTCOME_UNKNOWN when nobody knows in time', async () => {
  const transaction = 'ab'.repeat(32);
  const { ledger } = await start({
    commitStatus: [valid, { code: StatusCode.MVCC_READ_CONFLICT, block: 8 }, 'hang'],
  });
  expect(await ledger.commitOf(transaction, 1_000)).toEqual({ block: 7, valid: true });
  expect(await ledger.commitOf(transaction, 1_000)).toEqual({ block: 8, valid: false });
  await expect(ledger.commitOf(transaction, 200)).rejects.toMatchObject({
    code: 'OUTCOME_UNKNOWN',
    about: { transaction },
  });
});

test('after close nothing is asked and nobody waits', async () => {
  const { ledger } = await start({});
  const waiting = ledger.commitOf('ab'.repeat(32), 600_000);
  ledger.close();
  await expect(waiting).rejects.toMatchObject({ code: 'OUTCOME_UNKNOWN' });
  await expect(ledger.evaluate('network:network')).rejects.toMatchObject({ code: 'LEDGER_UNAVAILABLE' });
  await expect(ledger.height()).rejects.toMatchObject({ code: 'LEDGER_UNAVAILABLE' });
  await expect(ledger.submit('skip', input)).rejects.toMatchObject({ code: 'LEDGER_UNAVAILABLE' });
});
