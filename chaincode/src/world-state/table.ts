import { Failure, type FailureCode } from '@chartkey/vocabulary';
import type { WorkingSet } from './working-set.ts';

/** One word's keys and values. Values were checked when they were written, so reading trusts their shape. */
export class Table<Value, Parts extends readonly string[]> {
  constructor(
    private readonly set: WorkingSet,
    private readonly word: string,
    private readonly missing: FailureCode,
  ) {}

  async find(...parts: Parts): Promise<Value | undefined> {
    return (await this.set.read(this.set.key(this.word, parts))) as Value | undefined;
  }

  /** @throws Failure with this word's code when there is no such value */
  async require(...parts: Parts): Promise<Value> {
    const value = await this.find(...parts);
    if (value === undefined) throw new Failure(this.missing);
    return value;
  }

  put(value: Value, ...parts: Parts): void {
    this.set.write(this.set.key(this.word, parts), value);
  }

  remove(...parts: Parts): void {
    this.set.write(this.set.key(this.word, parts), undefined);
  }

  /** The last key parts of all values under the first parts. */
  async under(...parts: string[]): Promise<string[]> {
    return this.set.under(this.word, parts);
  }
}
