import { canonicalJson } from '@chartkey/vocabulary';
import * as z from 'zod';
import type { Store } from '../vault/index.ts';

const MOST_BYTES = 262_144;
const Note = z.strictObject({
  format: z.literal('chartkey-late-entry/1'),
  entry: z.string(),
  /** the witness's word, once it has given it */
  witnessed: z.string().optional(),
  /** nothing is left to do: it is on the ledger, or a dispute */
  done: z.boolean(),
});
export type Note = Omit<z.infer<typeof Note>, 'format'>;
export interface Numbered extends Note {
  number: number;
}

/** Numbered entries by organisation, each on the disk before anybody hears of it. Of those done the last is kept. */
export class Notes {
  private readonly notes = new Map<string, Map<number, Note>>();

  private constructor(private readonly store: Store) {}

  static async open(store: Store): Promise<Notes> {
    const notes = new Notes(store);
    await store.discardUnfinished();
    for await (const { name } of store.list('')) {
      const [organisation = '', digits = ''] = name.split('.');
      const { format: _format, ...note } = Note.parse(
        JSON.parse((await store.read(name, MOST_BYTES)).toString()),
      );
      notes.of(organisation).set(Number(digits), note);
    }
    return notes;
  }

  /** The last number; 0 when there is none. */
  last(organisation: string): number {
    return Math.max(0, ...this.of(organisation).keys());
  }

  get(organisation: string, number: number): Note | undefined {
    return this.of(organisation).get(number);
  }

  /** What is not done, by its number. */
  open(organisation: string): Numbered[] {
    return [...this.of(organisation)]
      .map(([number, note]) => ({ number, ...note }))
      .filter(({ done }) => !done)
      .sort((one, other) => one.number - other.number);
  }

  organisations(): string[] {
    return [...this.notes.keys()];
  }

  /** Durable when it resolves. @throws VaultFull */
  async put(organisation: string, number: number, note: Note): Promise<void> {
    const text = canonicalJson({ format: 'chartkey-late-entry/1', ...note });
    await this.store.put(nameOf(organisation, number), [Buffer.from(text)]);
    const notes = this.of(organisation);
    notes.set(number, note);
    const last = this.last(organisation);
    for (const [other, { done }] of notes) {
      if (!done || other === last) continue;
      await this.store.delete(nameOf(organisation, other));
      notes.delete(other);
    }
  }

  private of(organisation: string): Map<number, Note> {
    const found = this.notes.get(organisation) ?? new Map<number, Note>();
    this.notes.set(organisation, found);
    return found;
  }
}

const nameOf = (organisation: string, number: number) => `${organisation}.${String(number).padStart(7, '0')}`;
