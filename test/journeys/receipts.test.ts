import { verify } from 'node:crypto';
import { type ApprovedDevice, verifyApproval, verifyReceipt } from '@chartkey/rules';
import { nodeSignatureChecks as checks } from '@chartkey/rules/node';
import type { Failure } from '@chartkey/vocabulary';
import type { DemoOrganisation } from '../../network/demo/founding.ts';
import { sharedConsortium } from '../support/consortium.ts';
import { keyOf, type LedgerPatient } from '../support/ledger-actor.ts';
import { signJson, statementIdOf, type TestKey, testKey } from '../support/signing.ts';
import { Cast, type Json, jsonOf } from './cast.ts';
import * as client from './independent-client.ts';

const cast = new Cast(sharedConsortium().credentials);
const { river, lake, regulator, insurer, network } = cast;
let riverToken: string;
beforeAll(async () => {
  riverToken = await cast.token(river);
});

const opened = (compact: string) => {
  const [header = '', payload = ''] = compact.split('.');
  const json = (part: string) => JSON.parse(Buffer.from(part, 'base64url').toString());
  return { header: json(header), payload: json(payload) };
};
const receiptOf = (body: Json) => String(body['receipt']);

/** A device as another organisation's gateway shows it, its approval verified from the genesis document on. */
async function deviceOf(of: DemoOrganisation, device: string, at = river): Promise<ApprovedDevice> {
  const token = at === river ? riverToken : await cast.token(at);
  const answer = await client.get(`${at.url}/v1/organisations/${of.id}/devices/${device}`, token);
  expect(answer.status).toBe(200);
  const { genesis } = await jsonOf(await fetch(`${at.url}/.well-known/chartkey`));
  const { statement, ...told } = await jsonOf(answer);
  const proven = verifyApproval(String(statement), { network, genesis: genesis as never, checks });
  expect(told).toMatchObject({ device, organisation: of.id, use: proven.use, status: 'approved' });
  expect([told['sig'], told['enc']]).toEqual([proven.sig, proven.enc]);
  return proven;
}

/** A revocation that Riverside has accepted. */
async function revoked(): Promise<{ patient: LedgerPatient; text: string; body: Json }> {
  const patient = await cast.patient(riverToken);
  const grant = patient.grant('LakesideMSP');
  expect((await cast.say(grant)).status).toBe(201);
  const text = patient.revocation(grant);
  const answer = await cast.say(text);
  expect(answer.status).toBe(201);
  return { patient, text, body: await jsonOf(answer) };
}

function carry(text: string, to: DemoOrganisation, transaction: string): Promise<Response> {
  const headers = { 'Content-Type': 'application/jose' };
  const url = `${to.url}/v1/statements?transaction=${transaction}`;
  return fetch(url, { method: 'POST', headers, body: text });
}

test('two organisations answer one statement with the same outcome, each with a receipt of its own', async () => {
  const { text, body } = await revoked();
  const { receipt: _, ...outcome } = body;
  for (const [organisation, at] of [
    [lake, river],
    [regulator, lake],
  ] as const) {
    const answer = await carry(text, organisation, String(body['transaction']));
    expect(answer.status).toBe(200);
    const second = await jsonOf(answer);
    expect(second).toEqual({ ...outcome, receipt: expect.any(String) });
    const { header, payload } = opened(receiptOf(second));
    const { id: statement, ...rest } = outcome;
    const said = { network, organisation: organisation.id, statement, ...rest };
    expect(header).toEqual({ alg: 'ES256', kid: expect.any(String), typ: 'chartkey-receipt+jwt' });
    expect(payload).toEqual({ ...said, iat: expect.any(Number) });
    const device = await deviceOf(organisation, header.kid, at);
    expect(device).toMatchObject({ organisation: organisation.id, use: 'gateway' });
    expect(verifyReceipt(receiptOf(second), said as never, device, checks)).toEqual(payload);
    expect(verifiesByItself(receiptOf(second), device)).toBe(true);
  }
});

test('the same statement again has its first outcome and a receipt over it, without a word on where it stands', async () => {
  const { text, body } = await revoked();
  for (const at of [river, lake]) {
    const answer = await cast.say(text, { at });
    const again = await jsonOf(answer);
    expect([answer.status, { ...again, receipt: '' }]).toEqual([200, { ...body, receipt: '' }]);
    expect(opened(receiptOf(again)).payload).toMatchObject({
      organisation: at.id,
      transaction: body['transaction'],
      block: body['block'],
    });
  }
});

test('a third party’s gateway accepts a revocation and gives no receipt, since it has no peer', async () => {
  const { text, body } = await revoked();
  const answer = await cast.say(text, { at: insurer });
  const { receipt: _, ...outcome } = body;
  expect([answer.status, await jsonOf(answer)]).toEqual([200, outcome]);
  const token = await cast.token(insurer, { purposes: ['HPAYMT'] });
  const { kid } = opened(receiptOf(body)).header;
  const device = await client.get(`${insurer.url}/v1/organisations/${river.id}/devices/${kid}`, token);
  expect([device.status, (await jsonOf(device))['code']]).toEqual([404, 'NOT_SERVED_HERE']);
});

test('a receipt that somebody else made proves nothing', async () => {
  const { text, body } = await revoked();
  const genuine = receiptOf(body);
  const { header, payload } = opened(genuine);
  const device = await deviceOf(river, header.kid, lake);
  const expected = { network, organisation: river.id, statement: statementIdOf(text) };
  const codeOf = (receipt: string, by = device, wanted = expected) => {
    try {
      verifyReceipt(receipt, wanted, by, checks);
      return 'verified';
    } catch (error) {
      return (error as Failure).code;
    }
  };
  const made = (by: TestKey, claims: object = payload, head: object = { ...header, kid: by.id }) =>
    signJson(head, claims, by);
  const ehr = keyOf(river.ehr.sig);
  const { body: other } = await revoked();
  expect(codeOf(genuine)).toBe('verified');
  expect(codeOf(made(testKey()))).toBe('SIGNATURE_INVALID');
  expect(codeOf(made(testKey(), payload, header))).toBe('SIGNATURE_INVALID');
  expect(codeOf(made(ehr), await deviceOf(river, ehr.id))).toBe('RECEIPT_INVALID');
  expect(codeOf(made(ehr, payload, header))).toBe('SIGNATURE_INVALID');
  expect(codeOf(receiptOf(other))).toBe('RECEIPT_INVALID');
  expect(codeOf(genuine, device, { ...expected, organisation: lake.id })).toBe('RECEIPT_INVALID');
});

test('a device is shown with its approval to anybody with a token, and only as its own organisation’s', async () => {
  const { id } = keyOf(river.ehr.sig);
  const path = (organisation: string, device = id) =>
    `${lake.url}/v1/organisations/${organisation}/devices/${device}`;
  const ask = async (url: string, token: string) => {
    const answer = await client.get(url, token);
    return [answer.status, (await jsonOf(answer))['code']];
  };
  const token = await cast.patientToken(await cast.patient(riverToken));
  const patientAtLake = path(river.id).replace(lake.url, river.url);
  expect(await ask(patientAtLake, token)).toEqual([200, undefined]);
  const lakeToken = await cast.token(lake);
  expect(await ask(path(lake.id), lakeToken)).toEqual([404, 'DEVICE_UNKNOWN']);
  expect(await ask(path(river.id, testKey().id), lakeToken)).toEqual([404, 'DEVICE_UNKNOWN']);
  expect(await ask(path('NobodyMSP'), lakeToken)).toEqual([404, 'ORGANISATION_UNKNOWN']);
  expect((await fetch(path(river.id))).status).toBe(401);
});

function verifiesByItself(receipt: string, { sig }: ApprovedDevice): boolean {
  const at = receipt.lastIndexOf('.');
  const signed = Buffer.from(receipt.slice(0, at));
  const bytes = Buffer.from(receipt.slice(at + 1), 'base64url');
  return verify(
    'sha256',
    signed,
    { key: { ...sig }, format: 'jwk', dsaEncoding: 'ieee-p1363' } as never,
    bytes,
  );
}
