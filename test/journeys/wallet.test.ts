import {
  connect,
  type Device,
  type Gateway,
  importKeys,
  keyProof,
  ProblemError,
  Wallet,
} from '@chartkey/client';
import { sharedConsortium } from '../support/consortium.ts';
import { Cast } from './cast.ts';

const { credentials } = sharedConsortium();
const cast = new Cast(credentials);
const { river, lake, regulator, network } = cast;
let here: Gateway;
let there: Gateway;
let desk: Device;
let elsewhere: Device;
beforeAll(async () => {
  here = await connect(river.url, { network });
  there = await connect(lake.url, { network });
  const acting = { practitioner: 'a'.repeat(26), role: 'registrar', purposes: ['TREAT'] } as const;
  desk = here.device((await importKeys(river.ehr)).sig, acting);
  elsewhere = there.device((await importKeys(lake.ehr)).sig, acting);
});
const codeOf = (work: Promise<unknown>) =>
  work.then(
    () => 'done',
    (error: unknown) => (error instanceof ProblemError ? error.code : Promise.reject(error)),
  );
/** Bytes that the largest QR code holds (version 40, level L). */
const MOST_QR_BYTES = 2953;

test('one scan at the desk enrols who is new, label key and all, and the offer is dead', async () => {
  const wallet = Wallet.create();
  const approval = await desk.gatewayApproval();
  const { text } = await wallet.offer(here, { recorder: river.id, approval });
  expect(text.length).toBeLessThan(MOST_QR_BYTES);
  const taken = await desk.takeOffer(text);
  const patient = await wallet.patientAt(here);
  expect(taken).toMatchObject({ patient: patient.id, isEnrolled: true, accepted: { act: 'enrolPatient' } });
  expect(await codeOf(desk.takeOffer(text))).toBe('OFFER_USED');
  const labels = ['HIV'] as const;
  const { record } = await desk.storeRecord(patient.id, new Blob(['x']), 'text/plain', { labels });
  expect((await patient.anchor(record)).labels).toEqual(patient.labelsAt(river.id).of('HIV'));
});

test('an enrolled patient’s offer tells the desk who it is, once', async () => {
  const wallet = Wallet.create();
  await desk.takeOffer((await wallet.offer(here, { recorder: river.id })).text);
  const { text } = await wallet.offer(here);
  const { id, keys } = await wallet.patientAt(here);
  expect(await desk.takeOffer(text)).toEqual({ patient: id, enc: keys.enc, isEnrolled: true });
  expect(await codeOf(desk.takeOffer(text))).toBe('OFFER_USED');
});

test('two desks that scan one offer at the same moment: one has it', async () => {
  const { text } = await Wallet.create().offer(here, { recorder: river.id });
  const codes = await Promise.all([codeOf(desk.takeOffer(text)), codeOf(desk.takeOffer(text))]);
  expect(codes.sort()).toEqual(['OFFER_USED', 'done']);
});

test('an offer is for one hospital, whose devices take it', async () => {
  const wallet = Wallet.create();
  const { text } = await wallet.offer(here, { recorder: river.id });
  expect(await codeOf(elsewhere.takeOffer(text))).toBe('OFFER_INVALID');
  const crown = await connect(regulator.url, { network });
  const acting = { practitioner: 'a'.repeat(26), role: 'auditor', purposes: ['HOPERAT'] } as const;
  const auditor = crown.device((await importKeys(regulator.ehr)).sig, acting);
  expect(await codeOf(auditor.takeOffer((await wallet.offer(crown)).text))).toBe('KIND_NOT_ALLOWED');
  expect(await codeOf(desk.takeOffer(text))).toBe('done');
});

test('an offer with somebody else’s enrolment is none', async () => {
  const [one, other] = [Wallet.create(), Wallet.create()];
  const [mine = ''] = (await one.offer(here)).text.split('~');
  const [, theirs = ''] = (await other.offer(here, { recorder: river.id })).text.split('~');
  expect(await codeOf(desk.takeOffer(`${mine}~${theirs}`))).toBe('OFFER_INVALID');
  expect(await codeOf(desk.takeOffer(mine))).toBe('done');
});

test('an offer by a key that was renewed meanwhile is refused, one by the new key names the same patient', async () => {
  const wallet = Wallet.create();
  const at = { network, custodian: river.id };
  await desk.takeOffer((await wallet.offer(here, { recorder: river.id })).text);
  const { text } = await wallet.offer(here);
  const { id: owner, statements } = await wallet.patientAt(here);
  const { sig: signer, enc } = await wallet.nextKeysAt(at);
  const key = await keyProof({ network, owner, signer, enc });
  await statements.numbered((seq) => statements.author.sign({ act: 'rotateKey', seq, key }));
  wallet.renew(at);
  expect(await codeOf(desk.takeOffer(text))).toBe('KEY_REVOKED');
  expect((await desk.takeOffer((await wallet.offer(here)).text)).patient).toBe(owner);
});

test('a wallet has an id of its own at each hospital, and a restored one goes on where it was', async () => {
  const wallet = Wallet.create();
  const passphrase = 'a long way home in the rain';
  for (const [gateway, device] of [
    [here, desk],
    [there, elsewhere],
  ] as const) {
    const { text } = await wallet.offer(gateway, { recorder: gateway.organisation });
    await device.takeOffer(text);
  }
  const ids = [(await wallet.patientAt(here)).id, (await wallet.patientAt(there)).id];
  expect(ids[0]).not.toBe(ids[1]);
  const again = await Wallet.restore(await wallet.backup(passphrase), passphrase);
  expect(again.places).toEqual(wallet.places);
  const patient = await again.patientAt(here);
  expect(patient.id).toBe(ids[0]);
  const grantee = { organisation: lake.id };
  const granted = await patient.grant({ grantee, scope: 'all', actions: ['read'], purposes: ['TREAT'] });
  expect(granted.act).toBe('grantConsent');
  expect(patient.labelsAt(river.id).key).toBe((await wallet.patientAt(here)).labelsAt(river.id).key);
});
