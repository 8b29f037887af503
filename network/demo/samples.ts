import { readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';

/** A record of a sample folder: its bytes, and the media type an EHR would send it with. */
export interface Sample {
  name: string;
  mediaType: string;
  bytes: Buffer<ArrayBuffer>;
}

const mediaTypes: readonly [ending: RegExp, mediaType: string][] = [
  [/\.dcm$/i, 'application/dicom'],
  [/\.hl7$/i, 'x-application/hl7-v2+er7'],
  [/\.(ccda|cda|xml)$/i, 'application/hl7-cda+xml'],
  [/\.(vcf|txt|md)$/i, 'text/plain; charset=utf-8'],
  [/\.pdf$/i, 'application/pdf'],
  [/\.jpe?g$/i, 'image/jpeg'],
  [/\.png$/i, 'image/png'],
];

/** A file, or all files below a folder, in order of their paths. @throws Error when there is none */
export function samplesIn(path: string): Sample[] {
  const found = statSync(path, { throwIfNoEntry: false });
  if (!found) throw new Error(`There is no file or folder ${path}.`);
  const paths = found.isDirectory() ? filesBelow(path) : [path];
  if (paths.length === 0) throw new Error(`There is no file in ${path}.`);
  return paths.map((file) => {
    const bytes = readFileSync(file);
    return { name: basename(file), mediaType: mediaTypeOf(file, bytes), bytes };
  });
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .sort()
    .map((path) => join(folder, path))
    .filter((path) => statSync(path, { throwIfNoEntry: false })?.isFile());
}

function mediaTypeOf(path: string, bytes: Buffer): string {
  if (/\.json$/i.test(path)) {
    return bytes.includes('"resourceType"') ? 'application/fhir+json' : 'application/json';
  }
  return mediaTypes.find(([ending]) => ending.test(path))?.[1] ?? 'application/octet-stream';
}
