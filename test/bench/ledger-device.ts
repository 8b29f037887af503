import { clientAssertion, type Device } from '@chartkey/client';
import type { Ledger } from '@chartkey/gateway';
import { type SessionOutcome, transactions } from '@chartkey/vocabulary';
import type { Stage } from './stage.ts';

/** Items of one transaction, the most that it takes. */
export const ITEMS = 64;
/** Milliseconds after which a session is renewed; it lives 300 s. */
const RENEWAL = 200_000;

/** A device that asks the ledger itself, with no gateway between: to fill it, and to measure it alone. */
export class LedgerDevice {
  readonly ledger: Ledger;
  private readonly device: Device;
  private live: { session: Promise<string>; until: number } | undefined;

  constructor({ run }: Pick<Stage, 'run'>, device: Device) {
    this.device = device;
    this.ledger = run.connect(device.practice.organisation);
  }

  /** A session of the ledger's that still lives for a while. */
  session(): Promise<string> {
    if (!this.live || Date.now() > this.live.until) {
      this.live = { session: this.start(), until: Date.now() + RENEWAL };
    }
    return this.live.session;
  }

  /**
   * One transaction of reads; the outcomes are on the ledger then.
   * @returns its id and block
   * @throws Error unless all are granted
   */
  async ask(records: readonly string[]): Promise<{ transaction: string; block: number }> {
    const session = await this.session();
    const items = records.map((record) => ({ kind: 'read', session, record, purpose: 'TREAT' }));
    const { transaction, block, result } = await this.ledger.submit(transactions.requestAccess, { items });
    const { outcomes } = result as { outcomes: { is: string; code?: string }[] };
    const refused = outcomes.find(({ is }) => is !== 'granted');
    if (refused) throw new Error(`a read was ${refused.is}: ${refused.code}`);
    return { transaction, block };
  }

  /** Brings a statement to the ledger. @returns its transaction's id and block */
  async order(
    act: keyof typeof transactions,
    statement: string,
  ): Promise<{ transaction: string; block: number }> {
    const session = act === 'enrolPatient' ? { session: await this.session() } : {};
    return this.ledger.submit(transactions[act], { statement, ...session });
  }

  close(): void {
    this.ledger.close();
  }

  private async start(): Promise<string> {
    const { signer, practice, gateway } = this.device;
    const assertion = await clientAssertion({ signer, practice, tokenUrl: gateway.tokenUrl });
    const { result } = await this.ledger.submit(transactions.startSessions, { assertions: [assertion] });
    const [outcome] = (result as { outcomes: SessionOutcome[] }).outcomes;
    if (!outcome || !('session' in outcome)) throw new Error(`no session: ${JSON.stringify(outcome)}`);
    return outcome.session;
  }
}
