import { type ReadersFacts, readersOf } from '@chartkey/rules';
import { type Patient, type Relation, thumbprint } from '@chartkey/vocabulary';
import { testKey } from '../../support/signing.ts';
import { genesis, noon, noonAnd, record, standing } from './facts.ts';

const sig = testKey().publicJwk;
export const patient = thumbprint(sig);
const keys = [{ sig, enc: testKey().publicJwk, statement: 'k', since: noonAnd(-1e6) }];
/** Who could read Riverside's record, what the patient and Lakeside have with each other being this. */
export const readersFacts = (
  relation: Partial<Relation> = {},
  change: Partial<Patient> = {},
): ReadersFacts => ({
  genesis,
  record,
  standing: standing({ patient, keys, ...change }),
  relations: new Map([['Lake', { grants: [], ...relation }]]),
  time: noon,
});
/** What is said of one organisation or person. */
export const of = (who: string, facts: ReadersFacts) =>
  readersOf(facts)
    .filter(({ organisation, person }) => (organisation ?? person) === who)
    .map(({ organisation: _o, person: _p, ...said }) => said);
export const lake = (relation: Partial<Relation>, change?: Partial<Patient>) =>
  of('Lake', readersFacts(relation, change));
export const byGrant = { basis: 'grant', grant: 'g', purposes: ['TREAT'] };
