import {
  connect,
  type Gateway,
  judgeReceipt,
  type Keys,
  makeKeys,
  type Patient,
  ReceiptsDisagree,
} from '@chartkey/client';
import { sharedConsortium } from '../support/consortium.ts';
import { gatewayKey } from '../support/release-proofs.ts';
import { Cast } from './cast.ts';
import * as wire from './independent-client.ts';

const { credentials, dataDir } = sharedConsortium();
const cast = new Cast(credentials);
const { river, lake, insurer, network } = cast;
let there: Gateway;
let patient: Patient;
let keys: Keys;
beforeAll(async () => {
  const here = await connect(river.url, { network });
  there = await connect(lake.url, { network });
  keys = await makeKeys();
  patient = here.patient(keys);
  const { text } = await patient.enrolmentStatement({ recorder: river.id });
  expect((await cast.say(text, { bearer: await cast.token(river) })).status).toBe(201);
});
const granted = async () =>
  (
    await patient.grant({
      grantee: { organisation: lake.id },
      scope: 'all',
      actions: ['read'],
      purposes: ['TREAT'],
    })
  ).id;

test('a revocation is done with two organisations’ receipts, at once or carried later', async () => {
  const done = await patient.revoke(await granted(), { second: there });
  expect(done).toMatchObject({ done: true, accepted: { act: 'revokeConsent' } });
  expect(done.receipts.map(({ receipt }) => receipt.organisation)).toEqual([river.id, lake.id]);
  const alone = await patient.revoke(await granted());
  expect(alone).toMatchObject({ done: false, receipts: [{ receipt: { organisation: river.id } }] });
  const later = await patient.carry(alone.statement, { second: there });
  expect(later).toMatchObject({ done: true, accepted: { transaction: alone.accepted.transaction } });
});

test('a third party as the second confirms nothing', async () => {
  const second = await connect(insurer.url, { network });
  const alone = await patient.revoke(await granted(), { second });
  expect(alone).toMatchObject({ done: false, reason: { organisation: insurer.id } });
  expect(alone.receipts).toHaveLength(1);
});

test('a gateway that says done of what it kept to itself is shown up by its own receipt', async () => {
  const grant = await granted();
  const lying = await connect(river.url, { network, fetch: keepingRevocations });
  const deceived = lying.patient(keys);
  const failure = await deceived.revoke(grant, { second: there }).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(ReceiptsDisagree);
  const [lie, truth] = (failure as ReceiptsDisagree).receipts;
  expect(lie.receipt).toMatchObject({ organisation: river.id, transaction: 'f'.repeat(64) });
  expect(judgeReceipt(lie.receipt, truth.receipt)).toBe('contradicted');
  // What was kept back stands on the ledger all the same: the second gateway brought it there.
  const statuses: string[][] = [];
  for await (const one of patient.grants()) statuses.push([one.grant, one.status]);
  expect(statuses).toContainEqual([grant, 'revoked']);
});

/** Riverside's gateway, were it to keep revocations to itself and to sign that it had not. */
async function keepingRevocations(...[to, init]: Parameters<typeof fetch>): Promise<Response> {
  const text = String(init?.body);
  if (!String(to).endsWith('/v1/statements') || actOf(text) !== 'revokeConsent') {
    return fetch(to, init);
  }
  const device = gatewayKey(dataDir, river.id);
  const [id, transaction, committedAt] = [wire.statementId(text), 'f'.repeat(64), new Date().toISOString()];
  const outcome = { act: 'revokeConsent', transaction, block: 12, committedAt };
  const iat = Math.floor(Date.now() / 1000);
  const claims = { network, organisation: river.id, statement: id, ...outcome, iat };
  const header = { alg: 'ES256', kid: device.id, typ: 'chartkey-receipt+jwt' };
  return Response.json({ id, ...outcome, receipt: wire.jws(header, claims, device) }, { status: 201 });
}

const actOf = (statement: string) =>
  JSON.parse(Buffer.from(statement.split('.')[1] ?? '', 'base64url').toString()).act;
