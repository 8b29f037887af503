import { common, peer } from '@hyperledger/fabric-protos';
import { Membership } from '../../network/embedded/membership.ts';
import { checkEndorsements, readTransaction } from '../../network/embedded/transaction.ts';
import { readCredential } from '../../network/identities.ts';
import { startTestLedger, type TestLedger } from '../support/ledger.ts';
import { RawClient } from '../support/raw-client.ts';

const Code = peer.TxValidationCode;

describe('validation where Fabric lets no client come, or lets chance decide', () => {
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

  const endorse = (args: string[]) => raw.endorse(raw.propose({ args }));
  const commit = async (envelope: common.Envelope) => raw.outcome(await raw.submit(envelope));

  test('conflicts and phantoms are found inside one block too', async () => {
    const appended = await Promise.all(['a', 'b', 'c'].map((value) => endorse(['append', 'block', value])));
    expect(await Promise.all(appended.map(commit))).toEqual([
      Code.VALID,
      Code.MVCC_READ_CONFLICT,
      Code.MVCC_READ_CONFLICT,
    ]);
    const counted = await endorse(['storeCount', 'same-block']);
    const added = await endorse(['addItem', 'same-block', '1']);
    expect(await Promise.all([commit(added), commit(counted)])).toEqual([
      Code.VALID,
      Code.PHANTOM_READ_CONFLICT,
    ]);
  });

  test('what the checks in front never let through is judged by the validator as well', async () => {
    const rules = rulesOf(net);
    const envelope = await endorse(['put', 'direct', '1']);
    const judge = (bytes: Uint8Array, change: Partial<typeof rules> = {}) =>
      readTransaction(bytes, { ...rules, ...change }).code;
    expect(judge(envelope.serializeBinary())).toBe(Code.BAD_CREATOR_SIGNATURE);
    expect(judge(Uint8Array.from([0xff, 0xff]))).toBe(Code.INVALID_OTHER_REASON);
    const garbage = new common.Envelope();
    garbage.setPayload(Uint8Array.from([0xff, 0xff]));
    expect(judge(garbage.serializeBinary())).toBe(Code.BAD_PAYLOAD);
    expect(judge(new common.Envelope().serializeBinary())).toBe(Code.BAD_COMMON_HEADER);
    await raw.submit(envelope);
    const bytes = envelope.serializeBinary();
    const read = readTransaction(bytes, rules);
    expect(read.code).toBe(Code.VALID);
    expect(await checkEndorsements(read.action!, { ...rules, endorsementsRequired: 4 })).toBe(
      Code.ENDORSEMENT_POLICY_FAILURE,
    );
    expect(judge(bytes, { channel: 'elsewhere' })).toBe(Code.TARGET_CHAIN_NOT_FOUND);
    expect(judge(bytes, { chaincode: 'elsewhere' })).toBe(Code.INVALID_CHAINCODE);
  });
});

function rulesOf(net: TestLedger): Parameters<typeof readTransaction>[1] {
  const members = [...net.ledger.identities.organisations].map(([mspId, files]) => ({
    mspId,
    authority: readCredential(files.authority)!.certificate,
    care: files.peer !== undefined,
  }));
  const membership = new Membership(members);
  return { channel: 'records', chaincode: 'records', membership, endorsementsRequired: 3 };
}
