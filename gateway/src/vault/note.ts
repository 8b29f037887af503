import { randomBytes } from 'node:crypto';
import { canonicalJson } from '@chartkey/vocabulary';
import * as z from 'zod';
import { parseStored, StoredBytes, storedText } from './canonical-file.ts';
import { KEY_BYTES, unwrapKey, wrapKey } from './key-wrap.ts';
import { openSmall, sealSmall } from './sealing.ts';

/** Bytes of a sealed note, at most: one segment and what is around it. */
export const MOST_NOTE_BYTES = 98_304;

const Note = z.strictObject({
  format: z.literal('chartkey-note/1'),
  /** the data key under the patient's key */
  key: StoredBytes,
  note: StoredBytes,
});

/** What a note is: bound to its bytes, so that it stands for nothing else. */
export interface NoteName {
  readonly network: string;
  readonly patient: string;
  readonly note: string;
}

/** Seals a few words about a patient under a data key of their own, wrapped by the patient's key. */
export function sealNote(words: string, patientKey: Uint8Array, name: NoteName): Buffer {
  const dataKey = randomBytes(KEY_BYTES);
  const sealed = sealSmall(Buffer.from(words), dataKey, Buffer.from(canonicalJson(name)));
  const key = wrapKey(dataKey, patientKey, { ...name });
  dataKey.fill(0);
  return storedText({
    format: 'chartkey-note/1',
    key: key.toString('base64url'),
    note: sealed.toString('base64url'),
  });
}

/** @throws Tampered when a single bit differs, or it is another note */
export function openNote(bytes: Buffer, patientKey: Uint8Array, name: NoteName): string {
  const { key, note } = parseStored(bytes, Note, 'a note');
  const dataKey = unwrapKey(key, patientKey, { ...name });
  return openSmall(note, dataKey, Buffer.from(canonicalJson(name))).toString();
}
