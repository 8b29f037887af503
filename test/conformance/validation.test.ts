import { type CloseableAsyncIterable } from '@hyperledger/fabric-gateway';
import { common, peer } from '@hyperledger/fabric-protos';
import type { Credential } from '../../network/certificates.ts';
import { Membership } from '../../network/embedded/membership.ts';
import { signLowS } from '../../network/embedded/signature.ts';
import { checkEndorsements, readTransaction } from '../../network/embedded/transaction.ts';
import { readCredential } from '../../network/identities.ts';
import { startTestLedger, type TestLedger } from '../support/ledger.ts';
import { RawClient } from '../support/raw-client.ts';

const Code = peer.TxValidationCode;

describe('validation codes', () => {
  let net: TestLedger;
  let raw: RawClient;
  beforeAll(async () => {
    net = await startTestLedger();
    raw = new RawClient(net.ledger, 'RiversideMSP', clientOf('RiversideMSP'));
  });
  afterAll(async () => {
    raw.close();
    await net.stop();
  });

  const clientOf = (mspId: string): Credential =>
    readCredential(net.ledger.identities.organisations.get(mspId)!.client)!;
  const endorse = (args: string[], organisations: string[] = []) =>
    raw.endorse(raw.propose({ args }), organisations);
  const commit = async (envelope: common.Envelope) => raw.outcome(await raw.submit(envelope));
  const get = async (key: string) => raw.evaluate(raw.propose({ args: ['get', key] }));

  test('endorsements of two care members are ENDORSEMENT_POLICY_FAILURE, of three VALID', async () => {
    const two = await endorse(['put', 'policy', 'two'], ['RiversideMSP', 'LakesideMSP']);
    expect(await commit(two)).toBe(Code.ENDORSEMENT_POLICY_FAILURE);
    const three = await endorse(['put', 'policy', 'three'], ['HilltopMSP', 'LakesideMSP', 'RegulatorMSP']);
    expect(await commit(three)).toBe(Code.VALID);
    expect(await get('policy')).toBe('three');
  });

  test('the same endorsement three times counts once, a damaged one not at all', async () => {
    const rebuild = async (change: (list: peer.Endorsement[]) => peer.Endorsement[]) =>
      commit(changeAction(await endorse(['put', 'tampered', 'x']), change));
    expect(await rebuild(([first]) => [first!, first!, first!])).toBe(Code.ENDORSEMENT_POLICY_FAILURE);
    const damage = (list: peer.Endorsement[]) => {
      const signature = list[0]!.getSignature_asU8().slice();
      signature[20]! ^= 1;
      list[0]!.setSignature(signature);
      return list;
    };
    expect(await rebuild(damage)).toBe(Code.ENDORSEMENT_POLICY_FAILURE);
    expect(await rebuild((list) => list)).toBe(Code.VALID);
  });

  test('a result changed after endorsement is refused', async () => {
    const envelope = changePayload(await endorse(['put', 'changed', 'honest']), (payload) => {
      const bytes = Buffer.from(payload);
      bytes.write('crooks', bytes.indexOf('honest'));
      return bytes;
    });
    expect(await commit(envelope)).toBe(Code.ENDORSEMENT_POLICY_FAILURE);
    expect(await get('changed')).toBe('');
  });

  test('an action of another proposal is INVALID_ENDORSER_TRANSACTION', async () => {
    const [one, other] = [await endorse(['put', 'mixed', '1']), await endorse(['put', 'mixed', '2'])];
    const mixed = openPayload(one);
    mixed.setData(openPayload(other).getData_asU8());
    one.setPayload(mixed.serializeBinary());
    expect(await commit(one)).toBe(Code.INVALID_ENDORSER_TRANSACTION);
  });

  test('a transaction id that is not the hash of nonce and creator is BAD_PROPOSAL_TXID', async () => {
    const envelope = await endorse(['put', 'wrong-id', '1']);
    editHeader(envelope, (header) => header.setTxId('f'.repeat(64)));
    expect(await commit(envelope)).toBe(Code.BAD_PROPOSAL_TXID);
  });

  test('a non-zero epoch is BAD_COMMON_HEADER', async () => {
    const envelope = await endorse(['put', 'epoch', '1']);
    editHeader(envelope, (header) => header.setEpoch(7));
    expect(await commit(envelope)).toBe(Code.BAD_COMMON_HEADER);
  });

  test('an envelope sent twice counts once: its second place is DUPLICATE_TXID', async () => {
    const startBlock = BigInt(net.ledger.height);
    const envelope = await endorse(['put', 'twice', '1']);
    await commit(envelope);
    await raw.submit(envelope);
    const events = await net
      .as('RiversideMSP')
      .gateway.getNetwork('records')
      .getFilteredBlockEvents({ startBlock });
    expect(await codes(events, 2)).toEqual([Code.VALID, Code.DUPLICATE_TXID]);
    const txId = openHeader(envelope).getTxId();
    expect(await raw.outcome(txId)).toBe(Code.VALID);
    await expect(raw.evaluate(raw.propose({ args: ['get', 'twice'], txId }))).rejects.toMatchObject({
      code: 9,
    });
  });

  test('what the checks in front never let through is judged by the validator as well', async () => {
    const rules = await rulesOf(net);
    const envelope = await endorse(['put', 'direct', '1']);
    const judge = (bytes: Uint8Array) => readTransaction(bytes, rules).code;
    expect(judge(envelope.serializeBinary())).toBe(Code.BAD_CREATOR_SIGNATURE);
    expect(judge(Uint8Array.from([0xff, 0xff]))).toBe(Code.INVALID_OTHER_REASON);
    const garbage = new common.Envelope();
    garbage.setPayload(Uint8Array.from([0xff, 0xff]));
    expect(judge(garbage.serializeBinary())).toBe(Code.BAD_PAYLOAD);
    expect(judge(new common.Envelope().serializeBinary())).toBe(Code.BAD_COMMON_HEADER);
    await raw.submit(envelope);
    const read = readTransaction(envelope.serializeBinary(), rules);
    expect(read.code).toBe(Code.VALID);
    expect(await checkEndorsements(read.action!, { ...rules, endorsementsRequired: 4 })).toBe(
      Code.ENDORSEMENT_POLICY_FAILURE,
    );
    expect(judgeElsewhere(envelope, rules, { channel: 'elsewhere' })).toBe(Code.TARGET_CHAIN_NOT_FOUND);
    expect(judgeElsewhere(envelope, rules, { chaincode: 'elsewhere' })).toBe(Code.INVALID_CHAINCODE);
  });

  test("clients' certificates endorse nothing", async () => {
    const envelope = changeEndorsed(await endorse(['put', 'clients', 'x']), (action) => {
      const payload = action.getProposalResponsePayload_asU8();
      const endorsements = ['RiversideMSP', 'LakesideMSP', 'HilltopMSP'].map((mspId) => {
        const client = new RawClient(net.ledger, mspId, clientOf(mspId));
        const endorsement = new peer.Endorsement();
        endorsement.setEndorser(client.creator);
        endorsement.setSignature(signLowS(client.key, Buffer.concat([payload, client.creator])));
        client.close();
        return endorsement;
      });
      action.setEndorsementsList(endorsements);
    });
    expect(await commit(envelope)).toBe(Code.ENDORSEMENT_POLICY_FAILURE);
  });
});

type Rules = Parameters<typeof readTransaction>[1];

function judgeElsewhere(envelope: common.Envelope, rules: Rules, change: Partial<Rules>): number {
  return readTransaction(envelope.serializeBinary(), { ...rules, ...change }).code;
}

async function rulesOf(net: TestLedger): Promise<Rules> {
  const members = [...net.ledger.identities.organisations].map(([mspId, files]) => ({
    mspId,
    authority: readCredential(files.authority)!.certificate,
    care: files.peer !== undefined,
  }));
  return {
    channel: 'records',
    chaincode: 'records',
    membership: new Membership(members),
    endorsementsRequired: 3,
  };
}

async function codes(events: CloseableAsyncIterable<peer.FilteredBlock>, count: number): Promise<number[]> {
  const found: number[] = [];
  for await (const block of events) {
    found.push(...block.getFilteredTransactionsList().map((one) => one.getTxValidationCode()));
    if (found.length >= count) break;
  }
  events.close();
  return found;
}

function openPayload(envelope: common.Envelope): common.Payload {
  return common.Payload.deserializeBinary(envelope.getPayload_asU8());
}

function openHeader(envelope: common.Envelope): common.ChannelHeader {
  return common.ChannelHeader.deserializeBinary(openPayload(envelope).getHeader()!.getChannelHeader_asU8());
}

function editHeader(envelope: common.Envelope, edit: (header: common.ChannelHeader) => void): void {
  const payload = openPayload(envelope);
  const header = openHeader(envelope);
  edit(header);
  payload.getHeader()!.setChannelHeader(header.serializeBinary());
  envelope.setPayload(payload.serializeBinary());
}

/** Rebuilds an envelope around a changed endorsed action. */
function changeEndorsed(envelope: common.Envelope, change: (action: peer.ChaincodeEndorsedAction) => void) {
  const payload = openPayload(envelope);
  const transaction = peer.Transaction.deserializeBinary(payload.getData_asU8());
  const action = transaction.getActionsList()[0]!;
  const actionPayload = peer.ChaincodeActionPayload.deserializeBinary(action.getPayload_asU8());
  change(actionPayload.getAction()!);
  action.setPayload(actionPayload.serializeBinary());
  payload.setData(transaction.serializeBinary());
  envelope.setPayload(payload.serializeBinary());
  return envelope;
}

function changeAction(envelope: common.Envelope, change: (list: peer.Endorsement[]) => peer.Endorsement[]) {
  return changeEndorsed(envelope, (action) =>
    action.setEndorsementsList(change(action.getEndorsementsList())),
  );
}

function changePayload(envelope: common.Envelope, change: (payload: Uint8Array) => Uint8Array) {
  return changeEndorsed(envelope, (action) =>
    action.setProposalResponsePayload(change(action.getProposalResponsePayload_asU8())),
  );
}
