import { hash, randomBytes } from 'node:crypto';
import type { ReasonWords } from '@chartkey/vocabulary';
import { NotInVault, type Store, type Vault } from '../vault/index.ts';

const SALT_BYTES = 32;

/**
 * The words about emergencies: sealed here under the patient's own key, so that they go when the patient is
 * erased; the ledger has their salted hash, after which they are named.
 */
export class Reasons {
  constructor(
    private readonly store: Store,
    private readonly vault: Pick<Vault, 'sealNote' | 'openNote' | 'mostNoteBytes'>,
  ) {}

  /** Keeps words, durable when it resolves. @returns SHA-256 of salt and words @throws VaultFull */
  async keep(patient: string, { words, salt = freshSalt() }: ReasonWords): Promise<string> {
    const text = hashOf(salt, words);
    const sealed = await this.vault.sealNote(JSON.stringify([salt, words]), patient, text);
    await this.store.put(nameOf(patient, text), [sealed]);
    return text;
  }

  /** The words of this hash; undefined where they are not kept here (any more). @throws Tampered */
  async wordsOf(patient: string, text: string): Promise<string | undefined> {
    try {
      const sealed = await this.store.read(nameOf(patient, text), this.vault.mostNoteBytes);
      const [, words] = JSON.parse(await this.vault.openNote(sealed, patient, text)) as [string, string];
      return words;
    } catch (error) {
      if (error instanceof NotInVault) return undefined;
      throw error;
    }
  }
}

const freshSalt = () => randomBytes(SALT_BYTES).toString('base64url');

/** Whoever makes the salt can have the same text for two patients: each has a file of its own. */
const nameOf = (patient: string, text: string) => hash('sha256', `${patient} ${text}`, 'base64url');

function hashOf(salt: string, words: string): string {
  const bytes = Buffer.concat([Buffer.from(salt, 'base64url'), Buffer.from(words)]);
  return hash('sha256', bytes, 'base64url');
}
