import { createHash } from 'node:crypto';
import { BlockBroken, Chain, headerHash } from '../../../gateway/src/ledger/chain.ts';
import { block, chainOf, envelope } from './fabric-messages.ts';

const three = () => chainOf([envelope(), envelope({ result: '{"b":1}' }), envelope({ result: '{"c":1}' })]);

test('blocks that follow one another are accepted from the start and from the middle', () => {
  const [first, second, third] = three();
  for (const [start, blocks] of [
    [0, [first, second, third]],
    [1, [second, third]],
  ] as const) {
    const chain = new Chain(start);
    for (const one of blocks) chain.accept(one!);
    expect(chain.expected).toBe(3);
  }
});

test('a block with other transactions than its data hash says is refused', () => {
  const [first, second] = three();
  first!.setData(second!.getData());
  expect(() => new Chain(0).accept(first!)).toThrow(BlockBroken);
});

test('a block that follows another past is refused', () => {
  const [first] = three();
  const [, second] = chainOf([envelope({ result: '{"other":1}' }), envelope()]);
  const chain = new Chain(0);
  chain.accept(first!);
  expect(() => chain.accept(second!)).toThrow(
    'block 1 cannot be trusted: it does not follow the block before',
  );
});

test('a block left out is refused', () => {
  const [first, , third] = three();
  const chain = new Chain(0);
  chain.accept(first!);
  expect(() => chain.accept(third!)).toThrow('block 2 came in its place');
});

test('hashes of another length are refused', () => {
  expect(() => new Chain(1).accept(block(1, Buffer.alloc(31)))).toThrow('wrong length');
});

test.each([
  [0, '020100'],
  [127, '02017f'],
  [128, '02020080'],
  [256, '02020100'],
  [4_294_967_296, '02050100000000'],
])('block %i’s header is hashed over its DER form', (number, integer) => {
  // Written out from ITU-T X.690: SEQUENCE { INTEGER number, OCTET STRING (empty), OCTET STRING (32) }.
  const body = Buffer.from(`${integer}04000420${'11'.repeat(32)}`, 'hex');
  const der = Buffer.concat([Buffer.from([0x30, body.length]), body]);
  expect(headerHash(number, new Uint8Array(), Buffer.alloc(32, 0x11))).toEqual(
    createHash('sha256').update(der).digest(),
  );
});
