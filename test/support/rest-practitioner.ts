import type { DemoOrganisation } from '../../network/demo/founding.ts';
import * as wire from '../journeys/independent-client.ts';
import { LedgerActor } from './ledger-actor.ts';
import { LedgerPractitioner } from './ledger-practitioner.ts';
import { accepted, type Json, sendStatement } from './rest-answers.ts';
import type { RestDevice } from './rest-device.ts';
import { statement, type TestKey, testKey } from './signing.ts';

/** A practitioner with a registered key of its own, who signs through its organisation's gateway. */
export class RestPractitioner {
  private seq = 0;

  private constructor(
    readonly network: string,
    readonly organisation: DemoOrganisation,
    readonly practitioner: string,
    private readonly key: TestKey,
  ) {}

  /** Registers a key for the practitioner of a device's session. */
  static async at({ organisation, practitioner }: RestDevice): Promise<RestPractitioner> {
    const actor = new LedgerActor(organisation.id);
    const key = testKey();
    await LedgerPractitioner.registered(actor, { key, practitioner, role: 'physician' }).finally(() =>
      actor.close(),
    );
    return new RestPractitioner(actor.network, organisation, practitioner, key);
  }

  async orders(payload: Json): Promise<string> {
    const id = await this.tries(payload);
    if (id === undefined) throw new Error('not accepted');
    return id;
  }

  /** @param refusal the code that it must be refused with @returns the statement's id when it was accepted */
  async tries(payload: Json, refusal?: string | false): Promise<string | undefined> {
    const envelope = { iss: this.key.id, aud: this.network, seq: this.seq + 1 };
    const text = statement({ ...envelope, ...payload }, this.key);
    const answer = await sendStatement(this.organisation.url, text);
    expect(answer.code).toBe(refusal || '');
    if (refusal) return undefined;
    accepted(answer);
    this.seq += 1;
    return wire.statementId(text);
  }
}
