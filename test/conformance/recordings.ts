import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Json } from './outcome.ts';

/** What a group of cases came to on real Fabric. */
export interface Recording {
  readonly fabric: string;
  /** Day of the recording. */
  readonly date: string;
  /** By the case's title. */
  readonly outcomes: Readonly<Record<string, Json>>;
}

const path = (group: string) => join(__dirname, 'recorded', `${group}.json`);

/** The committed recording; one without outcomes before the first. */
export function readRecording(group: string): Recording {
  if (!existsSync(path(group))) return { fabric: '', date: '', outcomes: {} };
  return JSON.parse(readFileSync(path(group), 'utf8')) as Recording;
}

export function writeRecording(group: string, recording: Recording): void {
  writeFileSync(path(group), `${JSON.stringify(recording, null, 2)}\n`);
}
