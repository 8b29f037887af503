import type { Chance } from './chance.ts';

const oddities = [
  '\0',
  '"',
  '{',
  '[',
  ']',
  '}',
  '\\',
  '\r\n',
  ' ',
  '\t',
  '%',
  '..',
  '=',
  ':',
  ',',
  '\u00ff',
  '-1',
  '1e999',
  'null',
  '\ud800',
  '\u202e',
  '__proto__',
];

/** A text with a few of its characters changed, lost, doubled, moved, or odd ones put in. */
export function mutated(text: string, chance: Chance): string {
  let result = text;
  for (let rounds = 1 + chance.below(3); rounds > 0; rounds -= 1) {
    const at = chance.below(result.length + 1);
    const to = Math.min(result.length, at + 1 + chance.below(12));
    const [before, part, after] = [result.slice(0, at), result.slice(at, to), result.slice(to)];
    const becomes = [
      '',
      part + part,
      [...part].reverse().join(''),
      chance.of(oddities),
      part + chance.of(oddities),
      String.fromCharCode(chance.below(256)),
      part.repeat(1 + chance.below(200)),
    ];
    result = before + chance.of(becomes) + after;
  }
  return result;
}

const values = (chance: Chance): unknown =>
  chance.of<unknown>([
    null,
    true,
    0,
    -1,
    1e21,
    '',
    'x',
    [],
    {},
    [[]],
    { __proto__x: 1 },
    'A'.repeat(5_000),
    Number.MAX_SAFE_INTEGER,
  ]);

/** A JSON object with a member lost, changed, renamed or added. */
export function mutatedMembers(object: Record<string, unknown>, chance: Chance): Record<string, unknown> {
  const names = Object.keys(object);
  const name = chance.of(names);
  const { [name]: value, ...rest } = object;
  const kind = chance.below(5);
  if (kind === 0) return rest;
  if (kind === 1) return { ...object, [name]: values(chance) };
  if (kind === 2) return { ...rest, [mutated(name, chance)]: value };
  if (kind === 3) return { ...object, [chance.of(['x', 'constructor', 'crit', 'jwk', ''])]: values(chance) };
  return { ...object, [name]: typeof value === 'string' ? mutated(value, chance) : [value] };
}
