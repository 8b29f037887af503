import { denials } from '@chartkey/rules';
import { Failure, type FailureCode } from '@chartkey/vocabulary';
import * as z from 'zod';

/** Refusals of a custodian that mean the same to whoever asked us; all others are trouble between gateways. */
const passedOn: readonly FailureCode[] = [
  ...denials,
  'ACCESS_TOO_OLD',
  'ACCESS_UNKNOWN',
  'ALREADY_RELEASED',
  'BUSY',
  'INTEGRITY_BROKEN',
  'LEDGER_DISAGREES',
  'RELEASE_REFUSED',
];

const Said = z.looseObject({ code: z.string() });

/**
 * The failure of ours for a custodian's problem document. Its text never goes on: only a code that we know,
 * with our own words.
 * @param organisation the custodian
 */
export function failureOf(organisation: string, problem: Buffer): Failure {
  const code = passedOn.find((known) => known === codeIn(problem));
  return code ? new Failure(code, { organisation }) : new Failure('CUSTODIAN_UNAVAILABLE', { organisation });
}

function codeIn(problem: Buffer): string | undefined {
  try {
    return Said.parse(JSON.parse(problem.toString())).code;
  } catch {
    return undefined;
  }
}
