import { readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';

/** A record of a sample folder: its bytes, and the media type an EHR would send it with. */
export interface Sample {
  name: string;
  mediaType: string;
  bytes: Buffer<ArrayBuffer>;
}

const mediaTypes: readonly [ending: RegExp, mediaType: string][] = [
  [/\.json$/, 'application/fhir+json'],
  [/\.dcm$/, 'application/dicom'],
  [/\.hl7$/, 'x-application/hl7-v2+er7'],
  [/\.(ccda|xml|ccda\.xml)$/, 'application/hl7-cda+xml'],
  [/\.vcf$/, 'text/plain; charset=utf-8'],
];

/** All files below a folder, in order of their paths. */
export function samplesIn(folder: string): Sample[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .sort()
    .map((path) => join(folder, path))
    .filter((path) => statSync(path).isFile())
    .map((path) => ({ name: basename(path), mediaType: mediaTypeOf(path), bytes: readFileSync(path) }));
}

function mediaTypeOf(path: string): string {
  return mediaTypes.find(([ending]) => ending.test(path))?.[1] ?? 'application/octet-stream';
}
