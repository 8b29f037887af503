import { readFileSync } from 'node:fs';

/** A step of a stage: its instruction, and the rest of the line with continuations joined. */
export interface Step {
  word: string;
  rest: string;
}

export interface Stage {
  name: string;
  base: string;
  steps: Step[];
}

/** A Dockerfile's stages in order, as far as ours uses the format (no heredocs, no escapes directive). */
export function readDockerfile(path: string): { args: Map<string, string>; stages: Stage[] } {
  const text = readFileSync(path, 'utf8').replaceAll(/\\\n\s*/g, '');
  const args = new Map<string, string>();
  const stages: Stage[] = [];
  for (const line of text.split('\n')) {
    if (line.trim() === '' || line.startsWith('#')) continue;
    const [, word = '', rest = ''] = /^([A-Z]+)\s+(.*)$/.exec(line) ?? [];
    const [name = '', value = ''] = rest.split('=');
    if (word === 'FROM') {
      const [base = '', , as = ''] = rest.split(/\s+/);
      stages.push({
        name: as,
        base: base.replaceAll(/\$\{(\w+)\}/g, (_, arg) => args.get(arg) ?? ''),
        steps: [],
      });
    } else if (word === 'ARG' && !args.has(name)) args.set(name, value);
    if (word !== 'FROM') stages.at(-1)?.steps.push({ word, rest });
  }
  return { args, stages };
}

/** What an image is told about itself: the stage's and those of the stages it is from. */
export interface ImageSettings {
  environment: Record<string, string>;
  folder: string;
  user: string;
  command: string[];
  healthcheck?: string[];
}

export function settingsOf(stages: Stage[], name: string): ImageSettings {
  const stage = stages.find((one) => one.name === name);
  if (!stage) return { environment: {}, folder: '/', user: '0:0', command: [] };
  const settings = settingsOf(stages, stage.base);
  for (const { word, rest } of stage.steps) {
    if (word === 'ENV') {
      for (const pair of rest.split(' ')) {
        const [key = '', value = ''] = pair.split(/=(.*)/);
        settings.environment[key] = value;
      }
    } else if (word === 'WORKDIR') settings.folder = rest;
    else if (word === 'USER') settings.user = rest;
    else if (word === 'CMD') settings.command = JSON.parse(rest) as string[];
    else if (word === 'HEALTHCHECK')
      settings.healthcheck = JSON.parse(rest.replace(/^.*? CMD /, '')) as string[];
  }
  return settings;
}
