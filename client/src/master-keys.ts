import {
  type Dated,
  MasterKeys,
  readStatement,
  type SignatureChecks,
  type Succession,
} from '@chartkey/rules';
import type { OrganisationAnswer } from '@chartkey/vocabulary';
import type { Gateway } from './gateway.ts';

/**
 * Every member's master keys, proven from the pinned genesis document by what a gateway shows.
 * @throws Failure when what it shows does not verify
 */
export function provenMasterKeys(
  { network, genesis }: Pick<Gateway, 'network' | 'genesis'>,
  members: readonly OrganisationAnswer[],
  checks: SignatureChecks,
): MasterKeys {
  const successions: Succession[] = members
    .flatMap((member) => member.successions ?? [])
    .map(({ statement, approvals }) => ({ ...dated(statement), approvals: approvals.map(dated) }));
  return new MasterKeys({ network, genesis, checks }, successions);
}

/** When it was signed, which is at most ten minutes before it was accepted. */
function dated(text: string): Dated {
  const statement = readStatement(text);
  return { statement, time: statement.payload.iat * 1000 };
}
