import { MasterKeys, memberOf, type Succession, type Trust } from '@chartkey/rules';
import { OrganisationFacts, type P256Key, queries, thumbprint } from '@chartkey/vocabulary';
import { Disagreement } from './alarm.ts';
import type { Queries, Statements } from './statements.ts';

/** The master keys of all members as statements prove them; state only says where those are found. */
export class ProvenMasterKeys {
  private proven: Promise<{ keys: MasterKeys; ids: readonly string[] }> | undefined;

  constructor(
    private readonly ledger: Queries,
    private readonly statements: Statements,
    private readonly trust: Trust,
  ) {}

  /**
   * The key that was in force at a time; of two that may have been, the one named.
   * @throws Failure ORGANISATION_UNKNOWN; Disagreement when state leaves out a change that our own blocks hold
   */
  async at(organisation: string, kid: string, time: number): Promise<P256Key> {
    const known = this.trust.restrictionsOf(organisation);
    const { masterKey } = memberOf(this.trust.genesis, organisation);
    // Our own blocks hold no change of it.
    if (known.length === 0 && thumbprint(masterKey) === kid) return masterKey;
    const holds = async () => {
      const { keys, ids } = await this.kept();
      return keys.knows(organisation, kid) && known.every((id) => ids.includes(id));
    };
    if (!(await holds())) this.proven = undefined;
    const { keys, ids } = await this.kept();
    if (known.some((id) => !ids.includes(id))) {
      throw new Disagreement('an organisation’s master keys leave out the change of one');
    }
    return keys.at(organisation, kid, time);
  }

  private kept(): Promise<{ keys: MasterKeys; ids: readonly string[] }> {
    this.proven ??= this.prove().catch((error: unknown) => {
      this.proven = undefined;
      throw error;
    });
    return this.proven;
  }

  private async prove() {
    const facts = OrganisationFacts.array().safeParse(await this.ledger.evaluate(queries.organisations));
    if (!facts.success) throw new Disagreement('the organisations are not stored as such');
    const named = facts.data.flatMap(({ master }) => master?.successions ?? []);
    const successions: Succession[] = await Promise.all(
      named.map(async ({ statement, approvals }) => ({
        ...(await this.statements.of(statement)),
        approvals: await Promise.all(approvals.map((id) => this.statements.of(id))),
      })),
    );
    return { keys: new MasterKeys(this.trust, successions), ids: named.map(({ statement }) => statement) };
  }
}
