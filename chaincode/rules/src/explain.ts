import { canonicalJson, Failure, type Grant, type Patient, type Reader } from '@chartkey/vocabulary';
import { type ReadersFacts, readersOf } from './readers.ts';

/**
 * What would be otherwise without a grant, denial, rule or delegation that stands: ways in that would be lost or
 * gained, and the refusals that would come in their place.
 * @throws Failure GRANT_UNKNOWN when nothing of this id stands
 */
export function changesOf(facts: ReadersFacts, id: string): { lost: Reader[]; gained: Reader[] } {
  const [now, then] = [readersOf(facts), readersOf(without(facts, id))];
  const missing = (from: Reader[], others: Reader[]) => {
    const known = new Set(others.map((one) => canonicalJson(one)));
    return from.filter((one) => !known.has(canonicalJson(one)));
  };
  return { lost: missing(now, then), gained: missing(then, now) };
}

/** What was passed on from a grant goes with it, as when it is revoked. */
function without(facts: ReadersFacts, id: string): ReadersFacts {
  const { relations } = facts;
  const given = [...relations.values()].flatMap(({ grants }) => grants);
  const passedTo = given.find(({ grant }) => grant === id)?.passedTo?.grant;
  const kept = (grants: readonly Grant[]) => grants.filter(({ grant }) => grant !== id && grant !== passedTo);
  const standing = standingWithout(facts.standing, id);
  if (kept(given).length === given.length && canonicalJson(standing) === canonicalJson(facts.standing)) {
    throw new Failure('GRANT_UNKNOWN');
  }
  const left = [...relations].map(([of, one]) => [of, { ...one, grants: kept(one.grants) }] as const);
  return { ...facts, standing, relations: new Map(left) };
}

function standingWithout(standing: Patient, id: string): Patient {
  return {
    ...standing,
    treating: standing.treating.filter(({ grant }) => grant !== id),
    denials: standing.denials.filter(({ denial }) => denial !== id),
    rules: standing.rules.filter(({ rule }) => rule !== id),
    delegates: standing.delegates.filter(({ delegation }) => delegation !== id),
  };
}
