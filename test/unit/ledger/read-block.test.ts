import { common } from '@hyperledger/fabric-protos';
import * as fc from 'fast-check';
import { BlockBroken } from '../../../gateway/src/ledger/chain.ts';
import { readBlock, splitCompositeKey } from '../../../gateway/src/ledger/read-block.ts';
import { block, compositeKey, envelope } from './fabric-messages.ts';

const none = new Uint8Array();
const id = 'cd'.repeat(32);

test('a valid transaction shows its id, its time and what it wrote under the chaincode’s name', () => {
  const writes = {
    records: {
      [compositeKey('grants', 'p', 'Riverside')]: '{"grants":[]}',
      [compositeKey('network')]: '{"network":"demo-x"}',
      [compositeKey('custody', 'p', 'Lakeside')]: undefined,
    },
    _lifecycle: { [compositeKey('grants', 'x')]: '{"a":1}' },
  };
  expect(readBlock(block(0, none, [envelope({ id, writes })]), 'records')).toEqual({
    number: 0,
    transactions: [
      {
        id,
        valid: true,
        time: '2026-03-01T10:00:00.123Z',
        writes: [
          { objectType: 'grants', attributes: ['p', 'Riverside'], value: { grants: [] } },
          { objectType: 'network', attributes: [], value: { network: 'demo-x' } },
          { objectType: 'custody', attributes: ['p', 'Lakeside'], value: undefined },
        ],
      },
    ],
  });
});

test('configuration is left out and the flags still fit the transactions after it', () => {
  const config = envelope({ type: common.HeaderType.CONFIG });
  const mixed = block(3, Buffer.alloc(32), [config, envelope({ id })], [0, 11]);
  expect(readBlock(mixed, 'records').transactions).toEqual([
    { id, valid: false, time: '2026-03-01T10:00:00.123Z', writes: [] },
  ]);
});

test.each([1, 2, 4, 8, 9, 10, 11, 12, 24, 254, 255])('validation code %i means no writes', (code) => {
  const one = envelope({ writes: { records: { [compositeKey('session', 's')]: '{}' } } });
  expect(readBlock(block(0, none, [one], [code]), 'records').transactions[0]).toMatchObject({
    valid: false,
    writes: [],
  });
});

test('a garbage envelope that is flagged invalid is passed over; its neighbours are read', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.integer({ min: 1, max: 255 }), (bytes, code) => {
      const read = readBlock(block(0, none, [bytes, envelope({ id })], [code, 0]), 'records');
      expect(read.transactions.at(-1)).toMatchObject({ id, valid: true });
      expect(read.transactions.filter((one) => one.valid)).toHaveLength(1);
    }),
  );
});

test('a transaction cut short anywhere is never half read when it is flagged valid', () => {
  const key = compositeKey('session', 's');
  const whole = envelope({ id, writes: { records: { [key]: '{"a":1}' } } }).serializeBinary();
  const expected = readBlock(block(0, none, [whole]), 'records');
  fc.assert(
    fc.property(fc.integer({ min: 1, max: whole.length - 1 }), (length) => {
      const cut = block(0, none, [whole.subarray(0, length)]);
      try {
        expect(readBlock(cut, 'records')).toEqual(expected);
      } catch (error) {
        expect(error).toBeInstanceOf(BlockBroken);
      }
    }),
    { numRuns: 200 },
  );
});

test.each([
  ['a value that is no JSON', '{"a":'],
  ['an empty value', ''],
])('%s in a valid transaction breaks the block', (_name, value) => {
  const one = envelope({ writes: { records: { [compositeKey('session', 's')]: value } } });
  expect(() => readBlock(block(7, Buffer.alloc(32), [one]), 'records')).toThrow(
    'block 7 cannot be trusted: its transaction 0 is flagged valid but cannot be read',
  );
});

test.each([[[]], [[0]], [[0, 0, 0]]])('flags %j for two transactions break the block', (codes) => {
  expect(() => readBlock(block(0, none, [envelope(), envelope()], codes), 'records')).toThrow(BlockBroken);
});

test('a key of Fabric’s own under the chaincode’s name is passed over', () => {
  const one = envelope({ writes: { records: { '\0\u{10ffff}initialized': '1.0', plain: 'x' } } });
  expect(readBlock(block(0, none, [one]), 'records').transactions[0]?.writes).toEqual([]);
});

test('a composite key comes apart into what it was made of', () => {
  const part = fc.string({ unit: 'grapheme' }).filter((text) => !text.includes('\0'));
  const type = part.filter((text) => text !== '');
  fc.assert(
    fc.property(type, fc.array(part), (objectType, attributes) => {
      expect(splitCompositeKey(compositeKey(objectType, ...attributes))).toEqual({ objectType, attributes });
    }),
  );
});
