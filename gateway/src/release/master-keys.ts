import {
  checkSignature,
  fingerprintOf,
  memberOf,
  newMasterKey,
  type ReadStatement,
  replacers,
  type Trust,
} from '@chartkey/rules';
import { Failure, OrganisationFacts, type P256Key, queries, thumbprint } from '@chartkey/vocabulary';
import { Disagreement } from './alarm.ts';
import type { Accepted, Queries, Statements } from './statements.ts';

/** Milliseconds by which the times of two gateways' proposals may disagree about their order. */
const TOLERANCE = 120_000;

interface InForce {
  key: P256Key;
  /** milliseconds */
  since: number;
}

/**
 * Organisations' master keys as statements prove them: the founding one, each later one by the one before it or
 * by more than half of the other members. What an earlier one signed in its time stands.
 */
export class MasterKeys {
  constructor(
    private readonly ledger: Queries,
    private readonly statements: Statements,
    private readonly trust: Trust,
  ) {}

  /**
   * The key that was in force at a time; of two that may have been, the one named.
   * @throws Failure ORGANISATION_UNKNOWN; Disagreement when state names a key that nothing bears out
   */
  async at(organisation: string, kid: string, time: number): Promise<P256Key> {
    const keys = await this.until(organisation, time + TOLERANCE);
    const inForce = keys.filter((_key, at) => (keys[at + 1]?.since ?? time) > time - TOLERANCE);
    const named = inForce.find(({ key }) => thumbprint(key) === kid) ?? inForce.at(-1);
    if (!named) throw new Disagreement('an organisation has no master key');
    return named.key;
  }

  /** The keys one after the other, as far as they had come into force before a time. */
  private async until(organisation: string, before: number): Promise<InForce[]> {
    const { genesis } = this.trust;
    const keys: InForce[] = [{ key: memberOf(genesis, organisation).masterKey, since: 0 }];
    const facts = OrganisationFacts.safeParse(await this.ledger.evaluate(queries.organisation, organisation));
    if (!facts.success) throw new Disagreement('an organisation is not stored as one');
    const successions = facts.data.master?.successions ?? [];
    const known = this.trust.restrictionsOf(organisation);
    if (known.some((id) => successions.every(({ statement }) => statement !== id))) {
      throw new Disagreement('an organisation’s master keys leave out the change of one');
    }
    for (const { statement, approvals } of successions) {
      const accepted = await this.statements.of(statement);
      if (accepted.time >= before) break;
      const last = keys.at(-1)?.key;
      const next = last && (await this.next(organisation, last, accepted, approvals));
      if (!next || next.since >= before) break;
      keys.push(next);
    }
    return keys;
  }

  private async next(
    organisation: string,
    last: P256Key,
    { statement, time }: Accepted,
    approvals: readonly string[],
  ): Promise<InForce> {
    const { network, checks } = this.trust;
    const { payload } = statement;
    if (payload.act === 'rotateMasterKey' && payload.iss === organisation) {
      checkSignature(statement, last, network, checks);
      const { sig } = newMasterKey({ ...statement, payload }, { network, time, checks });
      return { key: sig, since: time };
    }
    if (payload.act !== 'replaceMasterKey' || payload.organisation !== organisation) {
      throw new Disagreement('a master key rests on another statement');
    }
    const { sig } = newMasterKey({ ...statement, payload }, { network, time, checks });
    return { key: sig, since: await this.agreedAt(organisation, statement, time, approvals) };
  }

  /** When enough of the other members had signed with their own master keys. */
  private async agreedAt(
    organisation: string,
    replacement: ReadStatement,
    time: number,
    approvals: readonly string[],
  ): Promise<number> {
    const { genesis } = this.trust;
    const { of, need } = replacers(genesis, organisation);
    const request = fingerprintOf({ kind: 'master-key', organisation, replacement: replacement.id });
    const agreed = new Set<string>();
    let last = time;
    for (const one of [{ statement: replacement, time }, ...(await this.accepted(approvals))]) {
      const { payload, kid } = one.statement;
      const isOfThis =
        payload.act === 'approve' ? payload.request === request : one.statement === replacement;
      if (!isOfThis || !of.includes(payload.iss)) continue;
      const key = await this.at(payload.iss, kid, Math.min(one.time, last));
      checkSignature(one.statement, key, this.trust.network, this.trust.checks);
      agreed.add(payload.iss);
      last = Math.max(last, one.time);
    }
    if (agreed.size < need) throw new Failure('APPROVALS_MISSING');
    return last;
  }

  private accepted(ids: readonly string[]): Promise<Accepted[]> {
    return Promise.all(ids.map((id) => this.statements.of(id)));
  }
}
