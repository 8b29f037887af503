import type { SignedStatement } from './statements.ts';

/** The statement that breaks the glass, and the one of who stands behind it, as signed. */
export type GlassBreaking = SignedStatement | readonly [SignedStatement, SignedStatement];

/** Both as the header Break-Glass has them. */
export function glassHeader(breaking: GlassBreaking | undefined): string | undefined {
  if (breaking === undefined) return undefined;
  return 'text' in breaking ? breaking.text : breaking.map(({ text }) => text).join(', ');
}
