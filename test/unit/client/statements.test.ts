import { createHash, createPublicKey, verify } from 'node:crypto';
import {
  Author,
  canonicalJson,
  deviceProof,
  type Keys,
  makeKeys,
  type SignedStatement,
  statementId,
} from '@chartkey/client';

const network = `demo-${'A'.repeat(43)}`;
const halfOrder = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n / 2n;
const now = () => Date.UTC(2026, 0, 1);
const grantee = { organisation: 'LakesideMSP' };
const words = { grantee, scope: 'all', actions: ['read'], purposes: ['TREAT'] } as const;
const mutable = structuredClone(words) as never;

let keys: Keys;
let author: Author;
beforeAll(async () => {
  keys = await makeKeys();
  author = new Author(network, keys.sig, { now });
});

function opened(text: string, key = keys.sig.publicKey) {
  const [header = '', payload = '', signature = ''] = text.split('.');
  const bytes = Buffer.from(signature, 'base64url');
  const publicKey = createPublicKey({ key, format: 'jwk' });
  const signed = Buffer.from(`${header}.${payload}`);
  expect(verify('sha256', signed, { key: publicKey, dsaEncoding: 'ieee-p1363' }, bytes)).toBe(true);
  expect(BigInt(`0x${bytes.subarray(32).toString('hex')}`) <= halfOrder).toBe(true);
  const texts = [header, payload].map((part) => Buffer.from(part, 'base64url').toString());
  for (const part of texts) expect(canonicalJson(JSON.parse(part))).toBe(part);
  return { header: JSON.parse(texts[0] ?? ''), payload: JSON.parse(texts[1] ?? '') };
}

test('200 signatures all verify elsewhere and have low s', async () => {
  for (let seq = 1; seq <= 200; seq += 1) opened((await author.skip(seq)).text);
});

const verbs: [string, () => Promise<SignedStatement>, object][] = [
  ['enrolPatient', () => author.enrolPatient(keys.enc, 'RiversideMSP'), { seq: 1, recorder: 'RiversideMSP' }],
  ['grantConsent', () => author.grantConsent(2, mutable), { seq: 2, ...words }],
  ['revokeConsent', () => author.revokeConsent('A'.repeat(43)), { grant: 'A'.repeat(43) }],
  [
    'approveDevice',
    () => new Author(network, keys.sig, { now, issuer: 'RiversideMSP' }).approveDevice(4, 'a.b.c'),
    { seq: 4, device: 'a.b.c' },
  ],
  [
    'revokeDevice',
    () => new Author(network, keys.sig, { now, issuer: 'RiversideMSP' }).revokeDevice('A'.repeat(43)),
    { device: 'A'.repeat(43) },
  ],
  [
    'denyAccess',
    () => author.sign({ act: 'denyAccess', seq: 5, who: grantee, what: { records: ['a'.repeat(26)] } }),
    { seq: 5, who: grantee, what: { records: ['a'.repeat(26)] } },
  ],
  [
    'liftDenial',
    () => author.sign({ act: 'liftDenial', seq: 6, denial: 'A'.repeat(43) }),
    { seq: 6, denial: 'A'.repeat(43) },
  ],
  ['skip', () => author.skip(7), { seq: 7 }],
];

test.each(verbs)('%s has exactly the members of its form', async (act, sign, members) => {
  const { text, id, statement } = await sign();
  const { header, payload } = opened(text);
  expect(header).toEqual({ alg: 'ES256', kid: keys.sig.id, typ: 'chartkey-statement+jwt' });
  const iat = now() / 1000;
  const keysOfPatient = act === 'enrolPatient' ? { sig: keys.sig.publicKey, enc: keys.enc } : {};
  const iss = act.endsWith('Device') ? 'RiversideMSP' : keys.sig.id;
  expect(payload).toEqual({ iss, aud: network, act, iat, exp: iat + 300, ...members, ...keysOfPatient });
  expect(statement).toEqual(payload);
  const signed = text.slice(0, text.lastIndexOf('.'));
  expect(id).toBe(createHash('sha256').update(signed).digest('base64url'));
  expect(statementId(text)).toBe(id);
});

test('a grant says all that a grant can say, and members left undefined are not there', async () => {
  const narrow = {
    grantee: { organisation: 'LakesideMSP', practitioner: 'a'.repeat(26), device: undefined },
    scope: { records: ['b'.repeat(26)] },
    actions: ['read' as const],
    purposes: ['TREAT' as const],
    notBefore: '2026-01-01T00:00:00.000Z',
    notAfter: undefined,
    maxUses: 3,
  };
  const { payload } = opened((await author.grantConsent(1, narrow)).text);
  expect(payload).toMatchObject({ scope: narrow.scope, maxUses: 3, notBefore: narrow.notBefore });
  expect(payload.grantee).toEqual({ organisation: 'LakesideMSP', practitioner: 'a'.repeat(26) });
  expect(payload).not.toHaveProperty('notAfter');
});

test.each([
  ['free text as a practitioner', { ...words, grantee: { ...grantee, practitioner: 'Dr Smith' } }],
  ['no purpose', { ...words, purposes: [] }],
  ['an action twice', { ...words, actions: ['read', 'read'] }],
  ['a member nobody knows', { ...words, note: 'for my knee' }],
  ['a date without time', { ...words, notAfter: '2026-01-01' }],
])('%s is refused before anything is signed', async (_name, wrong) => {
  await expect(author.grantConsent(1, wrong as never)).rejects.toThrow(/^grantConsent: /);
});

test('a statement that would live longer than 600 s is refused', () => {
  expect(() => new Author(network, keys.sig, { lifetime: 601 })).toThrow(TypeError);
});

test('a device proves that it holds its key, for one network, organisation and use', async () => {
  const about = { network, organisation: 'RiversideMSP', use: 'ehr' as const };
  const { header, payload } = opened(await deviceProof({ ...about, keys, now }));
  expect(header).toEqual({ alg: 'ES256', typ: 'chartkey-device+jwt' });
  const exp = now() / 1000 + 3600;
  expect(payload).toEqual({ ...about, sig: keys.sig.publicKey, enc: keys.enc, exp });
});
