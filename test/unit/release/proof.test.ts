import { createHmac, generateKeyPairSync, sign } from 'node:crypto';
import { nodeSignatureChecks as checks } from '@chartkey/rules/node';
import { canonicalJson, instantAt, signingInput } from '@chartkey/vocabulary';
import { Devices } from '../../../gateway/src/release/devices.ts';
import { makeProof, releasesUrl, sealedUrl } from '../../../gateway/src/release/index.ts';
import { Proofs } from '../../../gateway/src/release/proof.ts';
import { Proven } from '../../../gateway/src/release/proven.ts';
import { Replays } from '../../../gateway/src/release/replays.ts';
import { Statements } from '../../../gateway/src/release/statements.ts';
import { codeOf } from './asking.ts';
import { gatewayDeviceOf, newId, newKeys, seconds, signed, TestConsortium } from './consortium.ts';
import { MemoryLedger } from './memory-ledger.ts';

const consortium = new TestConsortium();
const device = consortium.device('LakesideMSP', 'gateway');
const revoked = consortium.device('LakesideMSP', 'gateway');
const ended = consortium.device('LakesideMSP', 'gateway', { validUntil: instantAt(Date.now() - 1000) });
const stranger = consortium.device('LakesideMSP', 'gateway');
const ledger = new MemoryLedger();
for (const approved of [device, revoked, ended]) ledger.approve(approved);
const now = Date.now();
const url = releasesUrl('http://127.0.0.1:7001');

function newProofs() {
  const { network, genesis } = consortium;
  const isRevoked = (_issuer: string, target: string) => target === revoked.device;
  const trust = { network, genesis, checks, isRevoked, restrictionsOf: () => [] };
  const clock = () => now;
  const proven = new Proven(ledger, new Statements(ledger), trust);
  const devices = new Devices({ ledger, proven, trust, alarm: () => {}, now: clock });
  return new Proofs({ devices, checks, now: clock });
}

const header = { alg: 'ES256', kid: device.device, typ: 'chartkey-release+jwt' };
const claims = () => ({
  aud: url,
  exp: seconds(now) + 60,
  iat: seconds(now),
  iss: device.device,
  jti: newId(),
  sub: device.device,
});
const by = (head: object, payload: object) =>
  signed({ ...header, ...head }, { ...claims(), ...payload }, device.sig.secret);

test('a fresh proof of an approved device is taken', async () => {
  const proof = makeProof(gatewayDeviceOf(device), url, now);
  expect((await newProofs().check(proof, url)).device).toBe(device.device);
});

test('a proof works once', async () => {
  const proofs = newProofs();
  const proof = makeProof(gatewayDeviceOf(device), url, now);
  await proofs.check(proof, url);
  expect(await codeOf(proofs.check(proof, url))).toBe('RELEASE_PROOF_INVALID');
  expect(await codeOf(proofs.check(by({}, { jti: jtiOf(proof), exp: seconds(now) + 30 }), url))).toBe(
    'RELEASE_PROOF_INVALID',
  );
});

test('an unsigned flood with a proof’s jti does not spend it', async () => {
  const proofs = newProofs();
  const proof = makeProof(gatewayDeviceOf(device), url, now);
  const forged = signed(header, { ...claims(), jti: jtiOf(proof) }, newKeys().secret);
  expect(await codeOf(proofs.check(forged, url))).toBe('RELEASE_PROOF_INVALID');
  await proofs.check(proof, url);
});

const hs256 = () => {
  const text = signingInput(canonicalJson({ ...header, alg: 'HS256' }), canonicalJson(claims()));
  return `${text}.${createHmac('sha256', canonicalJson(device.sig.key)).update(text).digest('base64url')}`;
};
const der = () => {
  const text = signingInput(canonicalJson(header), canonicalJson(claims()));
  return `${text}.${sign('sha256', Buffer.from(text), device.sig.secret).toString('base64url')}`;
};

test.each<[string, () => string]>([
  ['nothing', () => ''],
  ['no JWT', () => 'a.b.c'],
  ['5 KB', () => `${makeProof(gatewayDeviceOf(device), url, now)}${'A'.repeat(5000)}`],
  ['an expired proof', () => by({}, { iat: seconds(now) - 61, exp: seconds(now) - 1 })],
  ['a proof that lives 61 s', () => by({}, { exp: seconds(now) + 61 })],
  ['a proof that ends before it begins', () => by({}, { iat: seconds(now) + 20, exp: seconds(now) + 10 })],
  ['a proof from the future', () => by({}, { iat: seconds(now) + 40, exp: seconds(now) + 60 })],
  ['a proof for another gateway', () => by({}, { aud: releasesUrl('http://127.0.0.1:7002') })],
  [
    'a proof for sealed bytes',
    () => by({}, { aud: sealedUrl('http://127.0.0.1:7001', `${'0'.repeat(64)}:0`) }),
  ],
  ['two audiences', () => by({}, { aud: [url] })],
  ['alg none', () => by({ alg: 'none' }, {})],
  ['alg HS256 with the public key', hs256],
  ['another algorithm’s name', () => by({ alg: 'ES384' }, {})],
  ['a DER signature', der],
  ['no signature', () => `${signingInput(canonicalJson(header), canonicalJson(claims()))}.`],
  ['another type', () => by({ typ: 'JWT' }, {})],
  ['a key of its own in the header', () => by({ jwk: device.sig.key }, {})],
  ['another subject', () => by({}, { sub: stranger.device })],
  ['another issuer', () => by({}, { iss: stranger.device, sub: stranger.device })],
  ['a member more', () => by({}, { admin: true })],
  ['no jti', () => by({}, { jti: null })],
  ['a jti of another form', () => by({}, { jti: 'x' })],
  ['a device that was never approved', () => makeProof(gatewayDeviceOf(stranger), url, now)],
  ['a revoked device', () => makeProof(gatewayDeviceOf(revoked), url, now)],
  ['a device whose approval has ended', () => makeProof(gatewayDeviceOf(ended), url, now)],
  ['another device’s signature', () => signed(header, claims(), stranger.sig.secret)],
])('%s is no proof', async (_name, proof) => {
  expect(await codeOf(newProofs().check(proof(), url))).toBe('RELEASE_PROOF_INVALID');
});

test('a device that makes more proofs than can be told apart is refused, and none is forgotten early', () => {
  let time = 1_000_000;
  const replays = new Replays(() => time, 3);
  for (const jti of ['a', 'b', 'c']) expect(replays.firstUse('device', jti, time + 60_000)).toBe(true);
  expect(() => replays.firstUse('device', 'd', time + 60_000)).toThrow('TOO_MANY_REQUESTS');
  expect(replays.firstUse('another', 'd', time + 60_000)).toBe(true);
  expect(replays.firstUse('device', 'a', time + 60_000)).toBe(false);
  time += 120_000;
  expect(replays.firstUse('device', 'd', time + 60_000)).toBe(true);
});

test.each([
  ['ES384', { namedCurve: 'P-384' }],
  ['RS384', { modulusLength: 2048 }],
] as const)('%s verifies with its own key only, in its JOSE form', (algorithm, options) => {
  const { publicKey, privateKey } =
    'namedCurve' in options ? generateKeyPairSync('ec', options) : generateKeyPairSync('rsa', options);
  const key = publicKey.export({ format: 'jwk' }) as never;
  const signature = sign('sha384', Buffer.from('text'), { key: privateKey, dsaEncoding: 'ieee-p1363' });
  expect(checks.isSound(key)).toBe(true);
  expect(checks.verifies(algorithm, key, 'text', signature)).toBe(true);
  expect(checks.verifies(algorithm, key, 'Text', signature)).toBe(false);
  expect(checks.verifies('ES256', key, 'text', signature)).toBe(false);
});

test('a point off its curve is no sound key', () => {
  const { key } = newKeys();
  expect(checks.isSound(key)).toBe(true);
  expect(checks.isSound({ ...key, y: newKeys().key.y })).toBe(false);
});

function jtiOf(proof: string): string {
  return JSON.parse(Buffer.from(proof.split('.')[1] ?? '', 'base64url').toString()).jti;
}
