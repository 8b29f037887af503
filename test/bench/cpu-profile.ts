import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A .cpuprofile as `node --cpu-prof` writes it (V8's Profiler.Profile); times in microseconds. */
interface CpuProfile {
  nodes: { id: number; callFrame: { functionName: string; url: string } }[];
  samples: number[];
  timeDeltas: number[];
  endTime: number;
}

export interface Share {
  /** a package, a part of ours, or one of V8's own words such as `(garbage collector)` */
  of: string;
  /** of the time that was not idle */
  share: number;
}

/**
 * Who used the processor in the last seconds before a profile's end, most first.
 * @param seconds how long ago what is looked at began
 * @param skipped seconds at the end that are not looked at
 */
export function sharesOf(file: string, { seconds, skipped }: { seconds: number; skipped: number }): Share[] {
  const profile = JSON.parse(readFileSync(file, 'utf8')) as CpuProfile;
  const names = new Map(profile.nodes.map((node) => [node.id, nameOf(node.callFrame)]));
  const used = new Map<string, number>();
  let before = 0;
  // Back from the end, since a profile begins with the process and its start is of no interest here.
  for (let at = profile.samples.length - 1; at >= 0 && before < seconds * 1e6; at -= 1) {
    const time = profile.timeDeltas[at] ?? 0;
    before += time;
    const name = names.get(profile.samples[at] ?? -1) ?? '';
    if (before > skipped * 1e6 && name !== '(idle)') used.set(name, (used.get(name) ?? 0) + time);
  }
  const busy = [...used.values()].reduce((sum, one) => sum + one, 0);
  return [...used].map(([of, time]) => ({ of, share: time / busy })).sort((a, b) => b.share - a.share);
}

/** The profile that a process left. */
export function profileOf(folder: string, pid: number): string | undefined {
  const name = readdirSync(folder).find((file) => file.split('.')[3] === String(pid));
  return name && join(folder, name);
}

function nameOf({ functionName, url }: { functionName: string; url: string }): string {
  // What has no file is V8's or the system's: `open`, `writev`.
  if (url === '') return functionName.startsWith('(') ? functionName : `native ${functionName}`;
  const library = /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url)?.[1];
  if (library !== undefined && !library.startsWith('@chartkey/')) return library;
  if (url.startsWith('node:')) return url;
  const ours = /\/(gateway|network|chaincode)\/(.*)\/[^/]+$/.exec(url);
  return ours ? `${ours[1]}/${ours[2]?.replace('dist/', '')}` : url;
}
