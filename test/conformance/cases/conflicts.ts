import type { Callers } from '../callers.ts';
import type { Cases } from '../groups.ts';

/** Endorses one transaction, lets others commit in between, then commits it. */
async function late(callers: Callers, args: string[], ...between: string[][]): Promise<string> {
  const envelope = await callers.endorse(args);
  for (const other of between) await callers.write(...other);
  return callers.commit(envelope);
}

/** What a block says of transactions that were endorsed on one state. */
export const conflicts: Cases = {
  'of two that read a key and write it, the later is MVCC_READ_CONFLICT': async (callers) => {
    const code = await late(callers, ['append', 'mvcc', 'b'], ['append', 'mvcc', 'a']);
    return { code, value: await callers.evaluate('get', 'mvcc') };
  },

  'of three at once one is valid': async (callers) => {
    const endorsed = await Promise.all(
      ['a', 'b', 'c'].map((value) => callers.endorse(['append', 'race', value])),
    );
    return (await Promise.all(endorsed.map((envelope) => callers.commit(envelope)))).toSorted();
  },

  'a key that was deleted and made again is another version': async (callers) => {
    await callers.write('put', 'again', 'x');
    return late(callers, ['append', 'again', 'y'], ['remove', 'again'], ['put', 'again', 'x']);
  },

  'a key that was written with the same value is another version': async (callers) => {
    await callers.write('put', 'same', 'x');
    return late(callers, ['append', 'same', 'y'], ['put', 'same', 'x']);
  },

  'a key that did not exist when it was read and was removed meanwhile is no conflict': async (callers) =>
    late(callers, ['append', 'never', 'x'], ['remove', 'never']),

  'writes that read nothing do not conflict': async (callers) =>
    late(callers, ['put', 'blind', 'b'], ['put', 'blind', 'a']),

  'an item added to, removed from or changed in a range that was read is PHANTOM_READ_CONFLICT': async (
    callers,
  ) => {
    await callers.write('addItem', 'phantom', '1');
    await callers.write('addItem', 'phantom', '2');
    const count = ['storeCount', 'phantom'];
    return {
      added: await late(callers, count, ['addItem', 'phantom', '3']),
      removed: await late(callers, count, ['removeItem', 'phantom', '2']),
      changed: await late(callers, count, ['addItem', 'phantom', '1']),
      untouched: await late(callers, count, ['removeItem', 'phantom', 'nothing']),
    };
  },

  'a range read in part is protected as far as it was read': async (callers) => {
    await callers.write('addItems', 'partly', '205');
    const first = ['firstItems', 'partly', '3'];
    return {
      atTheEnd: await late(callers, first, ['addItem', 'partly', '00204']),
      beyondAPortion: await late(callers, first, ['addItem', 'partly', '00150']),
      justBehind: await late(callers, first, ['addItem', 'partly', '00003']),
      within: await late(callers, first, ['addItem', 'partly', '00001-between']),
    };
  },
};
