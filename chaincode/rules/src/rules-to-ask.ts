import { Failure, type FailureCode, type Patient, type Rule } from '@chartkey/vocabulary';
import { type AccessFacts, decideAccess } from './access.ts';
import { rulesOn } from './approved.ts';

/** What a decision about a read depends on, but for what was granted. */
type AskingFacts = Pick<AccessFacts, 'item' | 'session' | 'device' | 'genesis' | 'time'> & {
  record: NonNullable<AccessFacts['record']>;
  standing: Patient;
};

/**
 * The rules that an organisation needs approvals under before it may read: what would refuse it anyway
 * refuses it here.
 * @throws Failure RULE_MISSING where no rule names the record, or a custodian treats; else as `decideAccess`
 */
export function rulesToAsk(facts: AskingFacts): Rule[] {
  const { record, standing } = facts;
  const decision = decideAccess({
    ...facts,
    standing: { ...standing, treating: [] },
    relation: { grants: [] },
    // The reader proves itself when it reads.
    isProven: true,
  });
  if (decision.is === 'granted' || decision.code === 'NO_GRANT') throw new Failure('RULE_MISSING');
  if (decision.code !== 'APPROVAL_REQUIRED') throw new Failure(needsGlass(decision.code));
  return rulesOn(standing, record);
}

/** Approvals are for what can wait: an emergency takes a broken glass, whoever has approved. */
const needsGlass = (code: FailureCode): FailureCode =>
  code === 'BREAK_GLASS_REQUIRED' ? 'PURPOSE_NOT_ALLOWED' : code;
