import {
  type Carried,
  type Keys,
  makeKeys,
  type Patient,
  ReceiptsDisagree,
  ReceiptUnproven,
  WrongGateway,
} from '@chartkey/client';
import { testKey } from '../../support/signing.ts';
import { ForeignConsortium, type ForeignMember } from './foreign-consortium.ts';

let both: ForeignConsortium;
let river: ForeignMember;
let lake: ForeignMember;
let keys: Keys;
let patient: Patient;
const grant = 'G'.repeat(42).concat('A');

beforeEach(async () => {
  both = await ForeignConsortium.start();
  ({ river, lake } = both);
  keys = await makeKeys();
  patient = (await both.connect(river)).patient(keys);
});
afterEach(() => both.stop());

const revoked = async (): Promise<Carried> => patient.revoke(grant, { second: await both.connect(lake) });
const tellers = ({ receipts }: Carried) => receipts.map(({ receipt }) => receipt.organisation);
const failureOf = (promise: Promise<unknown>) =>
  promise.then(
    () => undefined,
    (error: unknown) => error,
  );

test('a revocation is done with matching receipts of two organisations, and is carried to the second', async () => {
  const result = await revoked();
  expect(result).toMatchObject({ done: true, accepted: { act: 'revokeConsent', id: result.statement.id } });
  expect(result.reason).toBeUndefined();
  expect(result.receipts.map(({ text }) => text)).toEqual([...river.receipts, ...lake.receipts]);
  expect(tellers(result)).toEqual(['RiversideMSP', 'LakesideMSP']);
  expect(lake.carried).toBe(result.accepted.transaction);
  expect(both.chain.size).toBe(1);
});

test('a gateway device with an RSA key is proven too', async () => {
  lake.signs = testKey('RSA');
  both.approve(lake, lake.signs);
  expect(await revoked()).toMatchObject({ done: true });
});

test('each organisation’s device is asked of the other one', async () => {
  await revoked();
  expect(lake.gateway.times(`/v1/organisations/RiversideMSP/devices/${river.device.id}`)).toBe(1);
  expect(river.gateway.times(`/v1/organisations/LakesideMSP/devices/${lake.device.id}`)).toBe(1);
});

test('without a second gateway it is that gateway’s word alone, and not done', async () => {
  const result = await patient.revoke(grant);
  expect(result).toMatchObject({ done: false, accepted: { act: 'revokeConsent' } });
  expect(tellers(result)).toEqual(['RiversideMSP']);
  expect(result.reason).toBeUndefined();
});

test('a second gateway that is lost leaves it accepted with the reason, and it can be carried later', async () => {
  lake.isDown = true;
  const first = await revoked();
  expect(first).toMatchObject({ done: false, accepted: { act: 'revokeConsent' } });
  expect(first.reason).toMatchObject({ name: 'Unreachable' });
  expect(tellers(first)).toEqual(['RiversideMSP']);
  lake.isDown = false;
  const later = await patient.carry(first.statement, { second: await both.connect(lake) });
  expect(later).toMatchObject({ done: true, accepted: { transaction: first.accepted.transaction } });
  expect(both.chain.size).toBe(1);
});

test.each<[string, object]>([
  ['transaction', { transaction: 'f'.repeat(64) }],
  ['block', { block: 99 }],
  ['time', { committedAt: '2026-01-02T00:00:00.000Z' }],
])('two gateways that tell of another %s are shown up, each by its own receipt', async (_what, lies) => {
  river.lies = { ...lies };
  const failure = await failureOf(revoked());
  expect(failure).toBeInstanceOf(ReceiptsDisagree);
  const { receipts, outcomeUnknown } = failure as ReceiptsDisagree;
  expect(outcomeUnknown).toBe(true);
  expect(receipts.map(({ text }) => text)).toEqual([...river.receipts, ...lake.receipts]);
});

async function unproven(code: string, by: ForeignMember = lake): Promise<void> {
  const result = await revoked();
  expect(result.done).toBe(false);
  expect(result.reason).toBeInstanceOf(ReceiptUnproven);
  expect(result.reason).toMatchObject({ organisation: by.id, text: by.receipts[0] });
  expect((result.reason as ReceiptUnproven).message).toContain(code);
  expect(tellers(result)).toEqual([by === lake ? 'RiversideMSP' : 'LakesideMSP']);
}

test.each<[string, () => void, string]>([
  [
    'a key that nobody approved',
    () => {
      lake.signs = testKey();
    },
    'DEVICE_UNKNOWN',
  ],
  ['a workstation of its own', () => byWorkstation(), 'RECEIPT_INVALID'],
  ['another organisation’s gateway', () => approvedElsewhere(), 'DEVICE_UNKNOWN'],
  ['a device that was revoked', () => status('revoked'), 'DEVICE_REVOKED'],
  ['a device whose approval its master key did not sign', () => foreignApproval(), 'SIGNATURE_INVALID'],
  ['a device that another approval is for', () => swappedApproval(), 'SIGNATURE_INVALID'],
])('a receipt signed by %s is not proven', async (_who, arrange, code) => {
  arrange();
  await unproven(code);
});

test.each<[string, object, string]>([
  ['statement', { statement: 'T'.repeat(42).concat('A') }, 'RECEIPT_INVALID'],
  ['network', { network: `demo-${'B'.repeat(42)}A` }, 'WRONG_NETWORK'],
  ['organisation', { organisation: 'RiversideMSP' }, 'RECEIPT_INVALID'],
  ['block than its answer', { block: 99 }, 'RECEIPT_INVALID'],
  ['form', { note: 'x' }, 'RECEIPT_INVALID'],
])('a receipt of another %s is not proven', async (_what, forges, code) => {
  lake.forges = { ...forges };
  await unproven(code);
});

test('the first gateway’s receipt is proven no less', async () => {
  river.signs = testKey();
  await unproven('DEVICE_UNKNOWN', river);
});

test('a gateway without a peer gives no receipt, and confirms nothing', async () => {
  lake.givesReceipts = false;
  const result = await revoked();
  expect(result).toMatchObject({ done: false, reason: { organisation: 'LakesideMSP', text: undefined } });
  expect(tellers(result)).toEqual(['RiversideMSP']);
});

test('the same organisation’s gateway, or another network’s, is refused before anything is sent', async () => {
  const own = await both.connect(river);
  await expect(patient.revoke(grant, { second: own })).rejects.toThrow(WrongGateway);
  const other = await ForeignConsortium.start();
  const elsewhere = await other.connect(other.lake);
  await expect(patient.revoke(grant, { second: elsewhere })).rejects.toThrow(WrongGateway);
  await other.stop();
  expect(both.chain.size).toBe(0);
});

const approvalOfLake = () => {
  const approval = both.approvals.get(lake.device.id);
  if (!approval) throw new Error('the consortium approved no device');
  return approval;
};
function byWorkstation(): void {
  lake.signs = testKey();
  both.approve(lake, lake.signs, { use: 'workstation' });
}
function approvedElsewhere(): void {
  lake.signs = testKey();
  both.approve(river, lake.signs);
}
function status(is: string): void {
  approvalOfLake().status = is;
}
function foreignApproval(): void {
  both.approve(lake, lake.device, { master: testKey() });
}
function swappedApproval(): void {
  const { statement } = approvalOfLake();
  lake.signs = testKey();
  both.approve(lake, lake.signs);
  Object.assign(both.approvals.get(lake.signs.id) ?? {}, { statement });
}
