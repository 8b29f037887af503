import { Failure } from '@chartkey/vocabulary';
import { status } from '@grpc/grpc-js';
import { gateway, peer } from '@hyperledger/fabric-protos';
import { makeLogger } from '../../../gateway/src/http/log.ts';
import { makeMetrics } from '../../../gateway/src/metrics.ts';
import { watchChaincode } from '../../../gateway/src/watched-chaincode.ts';
import { Refusal, type Script, type ScriptedPeer, startScriptedPeer } from './scripted-peer.ts';

const approved = 'a'.repeat(64);
const running = (digest: string) => JSON.stringify({ digest });
const definition = new peer.lifecycle.QueryChaincodeDefinitionResult();
definition.setVersion(approved);
const defined = Buffer.from(definition.serializeBinary());
const down = new Refusal(status.UNAVAILABLE, 'no peers available to evaluate chaincode');

let peerNow: ScriptedPeer;
afterEach(() => peerNow.stop());
const start = async (evaluate: NonNullable<Script['evaluate']>) => {
  peerNow = await startScriptedPeer({ evaluate });
  return peerNow;
};

test('the approved code is the version in the chaincode’s definition', async () => {
  const { ledger, calls } = await start([defined]);
  expect(await ledger.approvedCode()).toBe(approved);
  const asked = gateway.EvaluateRequest.deserializeBinary(calls.evaluate[0] as Buffer);
  const bytes = Buffer.from(asked.getProposedTransaction()!.getProposalBytes_asU8());
  expect(['_lifecycle', 'QueryChaincodeDefinition', 'records'].every((word) => bytes.includes(word))).toBe(
    true,
  );
});

test('a query is asked of the own organisation’s peer alone, whose word counts', async () => {
  const { ledger, calls } = await start(['{}', '{}']);
  await ledger.evaluate('network:network');
  const asked = gateway.EvaluateRequest.deserializeBinary(calls.evaluate[0] as Buffer);
  expect(asked.getTargetOrganizationsList()).toEqual(['Riverside']);
});

test('the running code is asked of the organisation’s own peer', async () => {
  const { ledger, calls } = await start([running(approved)]);
  expect(await ledger.runningCode('LakesideMSP')).toBe(approved);
  const asked = gateway.EvaluateRequest.deserializeBinary(calls.evaluate[0] as Buffer);
  expect(asked.getTargetOrganizationsList()).toEqual(['LakesideMSP']);
});

test.each([
  ['a peer that is down', down, 'LEDGER_UNAVAILABLE'],
  ['a chaincode that knows no such question', 'not JSON', 'BROKEN'],
  ['an answer of another shape', '{"digest":"short"}', 'BROKEN'],
])('%s is a failure, not a digest', async (_what, answer, code) => {
  const { ledger } = await start([answer]);
  await expect(ledger.runningCode('LakesideMSP')).rejects.toMatchObject(new Failure(code as 'BROKEN'));
});

test('an organisation whose chaincode is another one raises an alarm; one that cannot be asked is unknown', async () => {
  const { ledger } = await start([defined, running(approved), running('b'.repeat(64)), down]);
  const lines: Record<string, unknown>[] = [];
  const said = Promise.withResolvers<void>();
  const write = (line: string) => {
    if (lines.push(JSON.parse(line)) === 3) said.resolve();
  };
  const metrics = makeMetrics();
  const member = (id: string, kind: 'hospital' | 'third-party') =>
    ({ id, kind }) as Parameters<typeof watchChaincode>[0]['genesis']['organisations'][number];
  const end = watchChaincode({
    ledger,
    genesis: {
      organisations: [
        member('RiversideMSP', 'hospital'),
        member('LakesideMSP', 'hospital'),
        member('HilltopMSP', 'hospital'),
        member('InsurerMSP', 'third-party'),
      ],
    },
    log: makeLogger('info', { write }),
    metrics,
    seconds: 3600,
  });
  await said.promise;
  end();
  const about = { organisation: 'LakesideMSP', runs: 'b'.repeat(64), approved };
  expect(lines).toContainEqual(expect.objectContaining({ level: 50, alarm: 'CODE_NOT_APPROVED', about }));
  expect(lines.filter(({ level }) => level === 50)).toHaveLength(1);
  const page = await metrics.registry.metrics();
  expect(page).toContain('chartkey_chaincode_as_approved{organisation="RiversideMSP"} 1');
  expect(page).toContain('chartkey_chaincode_as_approved{organisation="LakesideMSP"} 0');
  expect(page).not.toMatch(/as_approved\{organisation="(?:Hilltop|Insurer)MSP"\}/);
});
