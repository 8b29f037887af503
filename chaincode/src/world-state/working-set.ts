import { canonicalJson } from '@chartkey/vocabulary';
import type { ChaincodeStub } from 'fabric-shim';

interface Held {
  value: unknown;
  changed: boolean;
}

/**
 * The keys of one transaction. Fabric has no read-your-writes: each key is read once, changed here any
 * number of times, and written once at the end. A read after the end would see old values, so it throws.
 */
export class WorkingSet {
  private readonly held = new Map<string, Held>();
  private saved = false;

  constructor(private readonly stub: ChaincodeStub) {}

  /** The composite key of a word and its parts. */
  key(word: string, parts: readonly string[]): string {
    return this.stub.createCompositeKey(word, [...parts]);
  }

  /** The value at a key as it stands in this transaction; undefined when there is none. */
  async read(key: string): Promise<unknown> {
    const known = this.held.get(key);
    if (known) return known.value;
    if (this.saved) throw new Error('a key was read after the working set was saved');
    const bytes = await this.stub.getState(key);
    const value: unknown = bytes.length === 0 ? undefined : JSON.parse(Buffer.from(bytes).toString('utf8'));
    if (this.held.has(key)) throw new Error('a key was read twice at once');
    this.held.set(key, { value, changed: false });
    return value;
  }

  /** Changes a key in this transaction; undefined takes it away. */
  write(key: string, value: unknown): void {
    if (this.saved) throw new Error('a key was written after the working set was saved');
    this.held.set(key, { value, changed: true });
  }

  /** The last parts of the keys that stand under a word and its first parts (phantom-protected). */
  async under(word: string, parts: readonly string[]): Promise<string[]> {
    const found: string[] = [];
    for await (const { key } of this.stub.getStateByPartialCompositeKey(word, [...parts])) {
      found.push(this.stub.splitCompositeKey(key).attributes.at(-1) ?? '');
    }
    return found;
  }

  /** Writes or takes away each changed key once. */
  async save(): Promise<void> {
    this.saved = true;
    for (const [key, { value, changed }] of this.held) {
      if (!changed) continue;
      if (value === undefined) await this.stub.deleteState(key);
      else await this.stub.putState(key, Buffer.from(canonicalJson(value)));
    }
  }
}
