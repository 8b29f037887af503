import { createPublicKey, hash, type KeyObject, verify } from 'node:crypto';
import { Author, makeKeys } from '@chartkey/client';
import { checkSignature, readStatement } from '@chartkey/rules';
import { nodeSignatureChecks } from '@chartkey/rules/node';
import { type P256Key, parseCompactJws } from '@chartkey/vocabulary';
import { processorTimeOf } from '../alone.ts';
import type { Bench, Result } from '../figure.ts';
import { abba } from '../rounds.ts';

/** Who signed them. */
const SIGNERS = 100;
const NETWORK = 'demo-'.padEnd(48, 'A');

interface Entry {
  text: string;
  key: P256Key;
  /** the same, as bare cryptography takes it */
  bare: { input: Buffer; signature: Uint8Array; key: KeyObject };
}

/** R13: what it costs to verify what the ledger keeps of people's words, without asking anybody. Needs no ledger. */
export async function offline({ effort }: Bench): Promise<Result[]> {
  const entries = await signed(effort.quick ? 10_000 : 100_000);
  let [verified, turn] = [0, 0];
  const ours = processorTimeOf(() => {
    const { text, key } = entries[verified % entries.length]!;
    checkSignature(readStatement(text), key, NETWORK, nodeSignatureChecks);
    verified += 1;
  });
  const bare = processorTimeOf(() => {
    const { input, signature, key } = entries[turn++ % entries.length]!.bare;
    hash('sha256', input, 'buffer');
    if (!verify('sha256', input, { key, dsaEncoding: 'ieee-p1363' }, signature))
      throw new Error('not signed');
  });
  const { a, b, ratio } = await abba(ours, bare, effort);
  const bytes = entries.reduce((sum, { text }) => sum + text.length, 0) / entries.length;
  return [
    {
      id: 'R13',
      measured:
        'processor time to verify a statement as the ledger keeps it: grammar, canonical form, network, key, signature; one thread',
      beside: 'a bare P-256 verify and SHA-256 over the same bytes, keys at hand',
      unit: 'ratio',
      goal: { atMost: 1.2 },
      figure: ratio,
      notes: [
        `${a.value.toFixed(1)} µs a statement of ${bytes.toFixed(0)} bytes, ${b.value.toFixed(1)} µs bare; ${verified} verified, of ${entries.length} by ${SIGNERS} signers`,
      ],
    },
  ];
}

async function signed(many: number): Promise<Entry[]> {
  const signers = await Promise.all(Array.from({ length: SIGNERS }, () => makeKeys()));
  const entries: Entry[] = [];
  for (const { sig } of signers) {
    const author = new Author(NETWORK, sig);
    const key = sig.publicKey as P256Key;
    const object = createPublicKey({ key: { ...key }, format: 'jwk' });
    for (let seq = 2; seq < many / SIGNERS + 2; seq += 1) {
      const { text } = await author.grantConsent(seq, {
        grantee: { organisation: 'LakesideMSP' },
        ...{ scope: 'all', actions: ['read'], purposes: ['TREAT'] },
      });
      const { signingInput, signature } = parseCompactJws(text);
      entries.push({ text, key, bare: { input: Buffer.from(signingInput), signature, key: object } });
    }
  }
  return entries;
}
