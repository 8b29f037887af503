import {
  createCipheriv,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  hkdfSync,
  type KeyObject,
  randomBytes,
} from 'node:crypto';
import { makeKeys, randomId } from '@chartkey/client';
import { wrapDataKey } from '@chartkey/gateway';
import type { P256Key } from '@chartkey/vocabulary';
import { processorTimeOf } from '../alone.ts';
import type { Bench, Figure, Result } from '../figure.ts';
import { abba } from '../rounds.ts';

const IV = Buffer.alloc(8, 0xa6);

/** R10: what a released key costs beside its cryptography alone. Needs no ledger. */
export async function keyReleases({ effort }: Bench): Promise<Result[]> {
  const { enc } = await makeKeys();
  const recipient = createPublicKey({ key: { ...enc }, format: 'jwk' });
  const dataKey = randomBytes(32);
  const record = randomId();
  let turn = 0;
  const ours = processorTimeOf(() => wrap(enc, dataKey, record, turn++));
  const bare = processorTimeOf(() => wrapBare(recipient, dataKey));
  // A to B in time is B to A in keys a second.
  const { a: theirs, b: own, ratio } = await abba(bare, ours, effort);
  return [
    {
      id: 'R10',
      measured:
        'data keys a second wrapped for a reader as a release carries them (compact JWE, ECDH-ES+A256KW, fresh ephemeral key), one thread',
      beside:
        'node:crypto alone: a fresh P-256 key and its public half, ECDH, HKDF, AES-256 key wrap, AES-256-GCM of the data key; nothing put together',
      unit: 'ratio',
      goal: { atLeast: 0.9 },
      figure: ratio,
      notes: [`${perSecond(own)} keys/s of processor time, ${perSecond(theirs)} of bare node:crypto`],
    },
  ];
}

function wrap(enc: P256Key, dataKey: Buffer, record: string, turn: number): void {
  wrapDataKey(dataKey, enc, { access: `${'0'.repeat(64)}:${turn % 64}`, record, version: 1 });
}

function wrapBare(recipient: KeyObject, dataKey: Buffer): void {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  // Without it nobody could open the rest.
  publicKey.export({ format: 'jwk' });
  const secret = diffieHellman({ privateKey, publicKey: recipient });
  const key = Buffer.from(hkdfSync('sha256', secret, Buffer.alloc(0), 'key wrap', 32));
  const contentKey = randomBytes(32);
  const wrapping = createCipheriv('id-aes256-wrap', key, IV);
  Buffer.concat([wrapping.update(contentKey), wrapping.final()]);
  const cipher = createCipheriv('aes-256-gcm', contentKey, randomBytes(12));
  Buffer.concat([cipher.update(dataKey), cipher.final(), cipher.getAuthTag()]);
}

const perSecond = ({ value }: Figure) => (1e6 / value).toFixed(0);
