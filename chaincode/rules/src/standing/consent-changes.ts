import { type Delegate, type Denial, Failure, malformed, type Patient } from '@chartkey/vocabulary';
import type { Change } from './change.ts';

/** Denials, rules, emergency locks, each as many as may stand. */
const MOST = 64;

/** What a patient says for good: never, only with others' approval, not even in an emergency. */
export const changesOfConsent = {
  /** Who acts for the patient is the patient's own affair: no delegate shuts another one out. */
  denyAccess(standing: Patient, { statement, author }: Change<'denyAccess'>): Patient {
    const { who, what } = statement.payload;
    const denial = { denial: statement.id, ...(who && { who }), ...(what && { what }) };
    if (author.is === 'delegate' && shutsOutOthers(denial, standing, author.delegate)) {
      throw new Failure('DELEGATE_FOR_ITSELF');
    }
    return { ...standing, denials: withOneMore(standing.denials, denial) };
  },

  /** What hides from those who act for the patient (from a person, from everybody), only the patient lifts. */
  liftDenial(standing: Patient, { statement, author }: Change<'liftDenial'>): Patient {
    const { denial: id } = statement.payload;
    const lifted = standing.denials.find(({ denial }) => denial === id);
    if (!lifted) throw new Failure('DENIAL_UNKNOWN');
    if (author.is === 'delegate' && shutsOut(lifted, standing, author.delegate)) {
      throw new Failure('DELEGATE_FOR_ITSELF');
    }
    return { ...standing, denials: standing.denials.filter((one) => one !== lifted) };
  },

  layRule(standing: Patient, { statement }: Change<'layRule'>): Patient {
    const { on, of, need, within, lasting } = statement.payload;
    const principals = new Set(of.map((one) => JSON.stringify(one)));
    if (principals.size !== of.length) throw malformed('payload.of');
    if (need > of.length) throw malformed('payload.need');
    const rule = { rule: statement.id, on, of, need, within, lasting };
    return { ...standing, rules: withOneMore(standing.rules, rule) };
  },

  liftRule(standing: Patient, { statement }: Change<'liftRule'>): Patient {
    const rules = standing.rules.filter(({ rule }) => rule !== statement.payload.rule);
    if (rules.length === standing.rules.length) throw new Failure('RULE_UNKNOWN');
    return { ...standing, rules };
  },

  lockForEmergencies(standing: Patient, { statement }: Change<'lockForEmergencies'>): Patient {
    const lock = { lock: statement.id, what: statement.payload.what };
    return { ...standing, locks: withOneMore(standing.locks, lock) };
  },

  liftLock(standing: Patient, { statement }: Change<'liftLock'>): Patient {
    const locks = standing.locks.filter(({ lock }) => lock !== statement.payload.lock);
    if (locks.length === standing.locks.length) throw new Failure('LOCK_UNKNOWN');
    return { ...standing, locks };
  },

  setEmergencyCard(standing: Patient, { statement }: Change<'setEmergencyCard'>): Patient {
    const { card: _former, ...rest } = standing;
    const { record: card } = statement.payload;
    return { ...rest, ...(card !== undefined && { card }) };
  },
};

/** A denial that names nobody is everybody's but the patient's, under whichever delegation one reads. */
function shutsOut({ who }: Denial, { delegates }: Patient, { person }: Delegate): boolean {
  if (who !== undefined) return 'person' in who;
  return delegates.some((one) => one.person === person && one.powers.includes('read'));
}

/** Does it shut out somebody who acts for the patient, other than who signed it? */
function shutsOutOthers({ who }: Denial, { delegates }: Patient, { person }: Delegate): boolean {
  if (who !== undefined) return 'person' in who;
  return delegates.some((one) => one.person !== person && one.powers.includes('read'));
}

/** @throws Failure STANDING_LIMIT */
export function withOneMore<Item>(items: readonly Item[], item: Item, most: number = MOST): Item[] {
  if (items.length >= most) throw new Failure('STANDING_LIMIT');
  return [...items, item];
}
