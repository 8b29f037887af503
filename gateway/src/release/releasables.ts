import { Failure, isFailureCode, MOST_ITEMS, queries } from '@chartkey/vocabulary';
import * as z from 'zod';
import { Group } from '../ledger/group.ts';
import type { Queries } from './statements.ts';

const Refusal = z.strictObject({ code: z.string() });

interface Asked {
  access: string;
  recipient: string;
}

/**
 * Asks the ledger what is releasable: of one access at once, and while that is under way the next query
 * takes all that came meanwhile, as transactions do. Each answer is of one snapshot.
 */
export class Releasables {
  private readonly group: Group<Asked, unknown>;

  constructor(ledger: Queries) {
    this.group = new Group<Asked, unknown>({
      most: MOST_ITEMS,
      gathers: true,
      fairBy: ({ recipient }) => recipient,
      keysOf: () => [],
      send: async (asked) => {
        const accesses = asked.map(({ access }) => access);
        const answers = await ledger.evaluate(queries.releasable, JSON.stringify(accesses));
        return z.array(z.unknown()).length(accesses.length).parse(answers);
      },
    });
  }

  /**
   * The ledger's answer for an access; its shape is for the caller to check.
   * @param recipient thumbprint of the device that wants it: whose turn it takes
   * @throws Failure ACCESS_UNKNOWN, RELEASE_REFUSED, LEDGER_UNAVAILABLE, BUSY
   */
  async of(access: string, recipient: string): Promise<unknown> {
    const answer = await this.group.add({ access, recipient });
    const refusal = Refusal.safeParse(answer);
    if (!refusal.success) return answer;
    throw new Failure(isFailureCode(refusal.data.code) ? refusal.data.code : 'BROKEN');
  }
}
