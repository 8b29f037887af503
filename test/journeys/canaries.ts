import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { demoPorts } from '../../network/consortium.ts';
import type { Whereabouts } from '../support/consortium.ts';

/** Ways in which a word may lie in a file: as it is, in base64 at any of three places, in hex, in UTF-16. */
function disguises(word: string): Buffer[] {
  const bytes = Buffer.from(word);
  const inBase64 = [0, 1, 2].map((lead) => {
    const text = Buffer.concat([Buffer.alloc(lead), bytes]).toString('base64');
    // letters that mix with what stands beside the word are cut
    return text.slice(Math.ceil((lead * 8) / 6), Math.floor(((lead + bytes.length) * 8) / 6));
  });
  const texts = [...inBase64, ...inBase64.map((text) => text.replaceAll('+', '-').replaceAll('/', '_'))];
  const all = [word, word.toUpperCase(), bytes.toString('hex'), ...new Set(texts)];
  return [...all.map((text) => Buffer.from(text)), Buffer.from(word, 'utf16le')];
}

function find(word: string, name: string, content: Buffer): string[] {
  return disguises(word).flatMap((disguise) => {
    const at = content.indexOf(disguise);
    return at < 0 ? [] : [`${name}: …${content.subarray(Math.max(0, at - 40), at + 80).toString('latin1')}…`];
  });
}

/** Where a word stands in what a consortium keeps: blocks, states, vaults, indexes, logs, metrics pages. */
export async function placesOf(word: string, { dataDir, portBase }: Whereabouts): Promise<string[]> {
  const places: string[] = [];
  for (const entry of readdirSync(dataDir, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    const name = relative(dataDir, path);
    places.push(...find(word, name, Buffer.from(name)), ...find(word, name, contentOf(path)));
  }
  // Nothing was heard of while files were read: a connection that was closed meanwhile must not be used again.
  await pause(50);
  for (const [organisation, port] of demoPorts(portBase).metrics) {
    const answer = await fetch(`http://127.0.0.1:${port}/metrics`);
    places.push(...find(word, `metrics of ${organisation}`, Buffer.from(await answer.arrayBuffer())));
  }
  return places;
}

/** Others are at work here, so a file may have gone since it was listed. */
function contentOf(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch {
    return Buffer.alloc(0);
  }
}
