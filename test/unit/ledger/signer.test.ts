import { generateKeyPairSync, verify } from 'node:crypto';
import * as fc from 'fast-check';
import { lowSDer, messageSigner } from '../../../gateway/src/ledger/signer.ts';

const order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
const bytes = (value: bigint) => Buffer.from(value.toString(16).padStart(64, '0'), 'hex');

/** r and s of a DER signature, read strictly. */
function read(der: Buffer): [bigint, bigint] {
  expect(der[0]).toBe(0x30);
  expect(der[1]).toBe(der.length - 2);
  const numbers: bigint[] = [];
  for (let at = 2; at < der.length; ) {
    expect(der[at]).toBe(0x02);
    const body = der.subarray(at + 2, at + 2 + der[at + 1]!);
    expect(body[0]! & 0x80).toBe(0);
    if (body.length > 1 && body[0] === 0) expect(body[1]! & 0x80).toBe(0x80);
    numbers.push(BigInt(`0x${body.toString('hex')}`));
    at += 2 + body.length;
  }
  expect(numbers).toHaveLength(2);
  return numbers as [bigint, bigint];
}

test('every signature verifies and has a low s', async () => {
  const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const sign = messageSigner(pair.privateKey.export({ type: 'pkcs8', format: 'pem' }) as string);
  for (let size = 0; size < 200; size += 1) {
    const message = Buffer.alloc(size, size);
    const signature = Buffer.from(await sign(message));
    expect(verify('sha256', message, pair.publicKey, signature)).toBe(true);
    expect(read(signature)[1] <= order / 2n).toBe(true);
  }
});

test('r stays, s becomes its low twin, and both are minimal DER integers', () => {
  const scalar = fc.oneof(
    fc.bigInt({ min: 1n, max: order - 1n }),
    fc.bigInt({ min: 1n, max: 70_000n }),
    fc.constantFrom(order / 2n, order / 2n + 1n, order - 1n),
  );
  fc.assert(
    fc.property(scalar, scalar, (r, s) => {
      const low = s > order / 2n ? order - s : s;
      expect(read(lowSDer(Buffer.concat([bytes(r), bytes(s)])))).toEqual([r, low]);
    }),
  );
});

test('a key on another curve is refused with what to do', () => {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-384' });
  const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
  expect(() => messageSigner(pem)).toThrow('issue one on that curve');
});
