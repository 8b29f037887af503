import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { canonicalJson, Failure } from '@chartkey/vocabulary';

/** The place in a list where a page ends: the values it is sorted by. */
export type SortKey = (string | number)[];

const LONGEST = 512;

/**
 * Makes and opens cursors. A cursor is a sort key with a MAC over it and over what it continues (list,
 * filter, asker), so that it serves nobody and nothing else: who continues an audit question has asked,
 * and logged, its beginning.
 */
export class Cursors {
  /** @param secret without one, cursors end with the process */
  constructor(private readonly secret: Uint8Array = randomBytes(32)) {}

  /** @param about what the list is of; any JSON value */
  seal(about: unknown, key: SortKey): string {
    const text = Buffer.from(JSON.stringify(key)).toString('base64url');
    return `${text}.${this.mac(about, text).toString('base64url')}`;
  }

  /** @throws Failure CURSOR_INVALID for a text that `seal` did not make for the same `about` */
  open(about: unknown, cursor: string): SortKey {
    const [text = '', mac = '', ...more] = cursor.split('.');
    const expected = this.mac(about, text).toString('base64url');
    const isOurs =
      cursor.length <= LONGEST &&
      more.length === 0 &&
      mac.length === expected.length &&
      timingSafeEqual(Buffer.from(mac, 'latin1'), Buffer.from(expected, 'latin1'));
    if (!isOurs) throw new Failure('CURSOR_INVALID');
    return JSON.parse(Buffer.from(text, 'base64url').toString()) as SortKey;
  }

  private mac(about: unknown, text: string): Buffer {
    return createHmac('sha256', this.secret)
      .update(canonicalJson([about, text]))
      .digest()
      .subarray(0, 16);
  }
}
