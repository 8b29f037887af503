import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkSignature, readReceipt, readStatement, verifyReceipt } from '@chartkey/rules';
import { nodeSignatureChecks } from '@chartkey/rules/node';
import { base32Id, canonicalJson, networkId, recordIdFor, sessionId, thumbprint } from '@chartkey/vocabulary';

// What independent clients rely on: a change here is a change of the wire (decision record and changelog).
const vectors = JSON.parse(readFileSync(join(__dirname, 'vectors.json'), 'utf8'));
const sha256 = (text: string) => createHash('sha256').update(text).digest('base64url');

test.each<{ key: Parameters<typeof thumbprint>[0]; thumbprint: string }>(vectors.thumbprints)(
  'a key keeps its id',
  ({ key, thumbprint: expected }) => {
    expect(thumbprint(key)).toBe(expected);
  },
);

test('a genesis document keeps its network id, which says that it is a demo', () => {
  const { document, canonicalSha256, network } = vectors.genesis;
  expect(sha256(canonicalJson(document))).toBe(canonicalSha256);
  expect(networkId(document)).toBe(network);
  expect(network).toBe(`demo-${canonicalSha256}`);
});

test.each(Object.keys(vectors.statements))(
  'the statement %s is still read and verified, and keeps its id',
  (act) => {
    const { key, compact, payload, id } = vectors.statements[act];
    const statement = readStatement(compact);
    expect(statement.payload.act).toBe(act);
    expect(canonicalJson(statement.payload)).toBe(payload);
    expect(statement.id).toBe(id);
    expect(sha256(compact.slice(0, compact.lastIndexOf('.')))).toBe(id);
    checkSignature(statement, key, vectors.genesis.network, nodeSignatureChecks);
  },
);

test('a receipt is still read and verified', () => {
  const { key, compact, payload } = vectors.receipt;
  expect(canonicalJson(readReceipt(compact).payload)).toBe(payload);
  const { organisation, network, statement } = JSON.parse(payload);
  expect([network, statement]).toEqual([vectors.genesis.network, vectors.statements.revokeConsent.id]);
  const device = { device: thumbprint(key), organisation, sig: key, enc: key, use: 'gateway' };
  verifyReceipt(compact, JSON.parse(payload), device, nodeSignatureChecks);
});

test('sessions and records keep their ids', () => {
  const { session, recordId, base32 } = vectors;
  expect(sessionId(session.issuer, session.jti)).toBe(session.id);
  expect(sha256(JSON.stringify([session.issuer, session.jti]))).toBe(session.id);
  expect(recordIdFor(recordId.device, recordId.retryKey)).toBe(recordId.id);
  for (const { hex, id } of base32) expect(base32Id(Buffer.from(hex, 'hex'))).toBe(id);
});
