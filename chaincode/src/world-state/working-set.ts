import { canonicalJson } from '@chartkey/vocabulary';
import type { ChaincodeStub } from 'fabric-shim';
import { getMany } from './many-keys.ts';

interface Held {
  value: unknown;
  changed: boolean;
}

type Awaited = PromiseWithResolvers<unknown>;

/**
 * The keys of one transaction. Fabric has no read-your-writes: each key is read once, changed here any
 * number of times, and written once at the end. A read after the end would see old values, so it throws.
 * Keys that are asked for at once are read by one question to the peer.
 */
export class WorkingSet {
  private readonly held = new Map<string, Held>();
  /** asked for and not yet here */
  private readonly awaited = new Map<string, Awaited>();
  /** the keys of those that the peer was not asked for yet */
  private unasked: string[] = [];
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
    const asked = this.awaited.get(key);
    if (asked) return asked.promise;
    // Once all that can run has run, every key that it waits for is known.
    // biome-ignore lint/plugin: decides only how many keys one question names, never what is read or answered.
    if (this.unasked.length === 0) setImmediate(() => void this.ask());
    this.unasked.push(key);
    const waiting: Awaited = Promise.withResolvers();
    this.awaited.set(key, waiting);
    return waiting.promise;
  }

  /** Reads what is waited for and was not asked for yet. */
  private async ask(): Promise<void> {
    const keys = this.unasked;
    this.unasked = [];
    try {
      const values = await getMany(this.stub, keys);
      for (const [at, key] of keys.entries()) this.hold(key, values[at] ?? new Uint8Array());
      for (const key of keys) this.awaited.get(key)?.resolve(this.held.get(key)?.value);
    } catch (error) {
      for (const key of keys) this.awaited.get(key)?.reject(error);
    }
    for (const key of keys) this.awaited.delete(key);
  }

  private hold(key: string, bytes: Uint8Array): void {
    if (this.held.has(key)) throw new Error('a key was changed while it was read');
    const value: unknown = bytes.length === 0 ? undefined : JSON.parse(Buffer.from(bytes).toString('utf8'));
    this.held.set(key, { value, changed: false });
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
