const { default: Sequencer } = require('@jest/test-sequencer');

/** Suites that take longest. One that began last would leave the other processor idle until it is done. */
const LONGEST = [
  'journeys/independent-client',
  'faults/crashes',
  'conformance/conformance',
  'faults/stopping',
  'faults/outages',
  'embedded/crashes',
  'unit/member/founded-by-hand',
  'unit/ledger/embedded',
];

/** jest orders by what the last run took, and by size where none was before: on a fresh clone these would come late. */
module.exports = class LongestFirst extends Sequencer {
  sort(tests) {
    const rank = ({ path }) => {
      const at = LONGEST.findIndex((suite) => path.endsWith(`/test/${suite}.test.ts`));
      return at < 0 ? LONGEST.length : at;
    };
    return super.sort(tests).sort((one, other) => rank(one) - rank(other));
  }
};
