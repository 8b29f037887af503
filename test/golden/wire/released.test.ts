import { createCipheriv, createPrivateKey, generateKeyPairSync, hkdfSync, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { importKeys, openSealed } from '@chartkey/client';
import { thumbprint } from '@chartkey/vocabulary';
import { unwrapDataKey } from '../../../gateway/src/release/key-wrapping.ts';
import { canonical } from '../../journeys/independent-client.ts';

// Key by jose, sealed bytes by Tink, commitment by neither: what a reader relies on, made apart from this code.
const file = (...path: string[]) => readFileSync(join(__dirname, '..', ...path), 'utf8');
const { enc, dataKey, key, ...use } = JSON.parse(file('wire', 'released-key.json'));
const { vectors: sealings } = JSON.parse(file('vault', 'tink-64-kib.json'));
const { vectors: commitments } = JSON.parse(file('vault', 'commitments.json'));
const { access, record, version } = use;

interface Sealing {
  length: number;
  plaintextSha256: string;
  sealed?: string;
  file?: string;
}

/** A header as wire.md says a sealed release bears it, by node:crypto alone. */
function sealedHeader(header: { network: string }): string {
  const { network } = header;
  const [salt, prefix] = [randomBytes(32), randomBytes(7)];
  const bound = Buffer.from(canonical({ network, record, version, part: 'header' }));
  const derived = Buffer.from(hkdfSync('sha256', Buffer.from(dataKey, 'base64url'), salt, bound, 32));
  const cipher = createCipheriv('aes-256-gcm', derived, Buffer.concat([prefix, Buffer.of(0, 0, 0, 0, 1)]));
  const sealed = Buffer.concat([cipher.update(canonical(header)), cipher.final(), cipher.getAuthTag()]);
  return Buffer.concat([Buffer.of(40), salt, prefix, sealed]).toString('base64url');
}

test('a released key is still unwrapped by a gateway', () => {
  const { d: _, ...publicKey } = enc;
  const secret = createPrivateKey({ key: enc, format: 'jwk' });
  const unwrapped = unwrapDataKey(key, secret, thumbprint(publicKey), { access, record, version });
  expect(unwrapped.toString('base64url')).toBe(dataKey);
});

test.each<Sealing>(sealings.filter(({ sealed, file }: Sealing) => sealed ?? file))(
  'a released record of $length bytes is still opened by a reader',
  async ({ length, plaintextSha256, sealed = '', file: name }) => {
    const sig = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'jwk' });
    const keys = await importKeys({ sig, enc });
    const vector = commitments.find(({ header }: { header: string }) => JSON.parse(header).length === length);
    const header = JSON.parse(vector.header);
    const leaves = Buffer.from(vector.leaves, 'base64url').toString('base64');
    const stream = name ? Buffer.from(file('vault', name), 'base64') : Buffer.from(sealed, 'base64url');
    const { body, digest } = await openSealed({
      answer: { access, sealedHeader: sealedHeader(header), leaves, key },
      keys,
      anchor: { ...header, commitment: vector.commitment },
      fetchSealed: async () => new Response(new Uint8Array(stream)),
    });
    const content = Buffer.from(await new Response(body).arrayBuffer());
    const sha256 = Buffer.from(await crypto.subtle.digest('SHA-256', content));
    expect(sha256.toString('base64url')).toBe(plaintextSha256);
    expect(digest).toBe(sha256.toString('base64'));
    expect(content).toHaveLength(length);
  },
);
