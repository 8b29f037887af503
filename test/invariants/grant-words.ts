import type { ModelAsker, ModelGrant, ModelPart } from './consent-model.ts';
import type { GrantStep, Narrowed } from './random-histories.ts';

export const hour = 3_600_000;
/** Milliseconds from now as an instant. */
export const instant = (milliseconds: number) => new Date(Date.now() + milliseconds).toISOString();

/**
 * A random grant as the patient signs it, and as the model keeps it.
 * @param named its records; all when none are
 */
export function grantWords(
  { treating, narrowed, madeFrom, span, maxUses, actions, purposes, ...words }: GrantStep,
  asker: ModelAsker,
  named: string[],
  except: string[],
): { says: object; grant: Omit<ModelGrant, 'id'> } {
  const part = partOf(asker, narrowed);
  const to = treating ? { treating: true as const, ...(part.role && { role: part.role }) } : part;
  // neither what is counted nor what is for all treating is passed on
  const passOn = words.passOn && !treating && maxUses === undefined;
  const scope = {
    ...(named.length > 0 && { records: named }),
    ...(except.length > 0 && { except: { records: except } }),
    ...(madeFrom && { madeFrom: instant(madeFrom === 'past' ? -hour : hour) }),
  };
  const says = {
    ...{ act: 'grantConsent', grantee: to, actions, purposes },
    scope: Object.keys(scope).length === 0 ? 'all' : scope,
    ...(span === 'over' && { notAfter: instant(-hour) }),
    ...(span === 'to come' && { notBefore: instant(hour) }),
    ...(maxUses !== undefined && { maxUses }),
    ...(passOn && { passOn }),
  };
  const about = {
    records: named.length > 0 ? named : ('all' as const),
    except,
    madeFrom: madeFrom ?? 'past',
  };
  const counts = { usesLeft: maxUses ?? 1, counted: maxUses !== undefined };
  return { says, grant: { to, ...about, actions, purposes, span, ...counts, passOn } };
}

export function partOf({ organisation, device, practitioner }: ModelAsker, narrowed: Narrowed): ModelPart {
  if (narrowed === 'device') return { organisation, device };
  if (narrowed === 'practitioner') return { organisation, practitioner };
  return narrowed === 'organisation' ? { organisation } : { organisation, role: narrowed };
}

export const pick = <Item>(items: readonly Item[], which: number): Item | undefined =>
  items[which % items.length];

/** One of the last few. */
export const pickRecent = <Item>(items: readonly Item[], which: number): Item | undefined =>
  pick(items.slice(-4), which);
