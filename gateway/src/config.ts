import type * as z from 'zod';
import { type Setting, settings } from './settings.ts';

/** A setting that keeps the gateway from starting; its message is one line and names the variable. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  constructor(
    readonly variable: string,
    says: string,
  ) {
    super(`${variable}: ${says}`);
  }
}

type Name = keyof typeof settings;
type ValueOf<One> = One extends { reads: z.ZodType<infer Value> }
  ? One extends { otherwise: string }
    ? Value
    : Value | undefined
  : never;

/** A gateway's settings, each under its variable's name. */
export type Config = { readonly [One in Name]: ValueOf<(typeof settings)[One]> };

/**
 * Reads the settings of a gateway; an unset or empty variable has its default.
 * @throws ConfigError naming the first variable with a bad value
 */
export function readConfig(environment: Readonly<Record<string, string | undefined>>): Config {
  const texts = new Map<string, string>();
  const values: Record<string, unknown> = {};
  for (const [name, { reads, takes, otherwise }] of Object.entries<Setting<unknown>>(settings)) {
    const text =
      environment[name] || otherwise?.replace(/\{([A-Z_]+)\}/g, (_, other) => texts.get(other) ?? '');
    if (text === undefined) continue;
    const parsed = reads.safeParse(text);
    if (!parsed.success) throw new ConfigError(name, `${JSON.stringify(text)} does not do: give ${takes}`);
    texts.set(name, text);
    values[name] = parsed.data;
  }
  return values as Config;
}

/** What `--help` prints: every setting, its default, what it takes. */
export function helpText(): string {
  const lines = Object.entries<Setting<unknown>>(settings).map(([name, { says, otherwise, takes }]) => {
    const preset = otherwise ? ` [${otherwise.replaceAll('{', '<').replaceAll('}', '>')}]` : '';
    return `  ${name}${preset}\n      ${says}: ${takes}`;
  });
  return ['A Chartkey gateway. Its settings are environment variables [default]:', ...lines, ''].join('\n');
}
