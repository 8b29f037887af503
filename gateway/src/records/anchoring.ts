import { Failure, Instant, TransactionId, VersionNumber } from '@chartkey/vocabulary';
import * as z from 'zod';
import type { Ledger } from '../ledger/ledger.ts';
import { persistently } from '../statements/persistence.ts';
import type { SealedVersion, Vault } from '../vault/index.ts';

/** Milliseconds that the gateway keeps finding out what became of an anchor. */
const FINDING_OUT = 600_000;

const Anchored = z.object({ version: VersionNumber, transaction: TransactionId, committedAt: Instant });
export type Anchored = z.infer<typeof Anchored>;

/** Brings sealed versions to the ledger, and keeps or removes them as it decides. */
export class Anchoring {
  /** commitments that the ledger is being asked to take */
  private readonly underway = new Set<string>();

  constructor(
    private readonly ledger: Pick<Ledger, 'submit' | 'commitOf'>,
    private readonly vault: Pick<Vault, 'settle' | 'discard'>,
  ) {}

  isUnderway(commitment: string): boolean {
    return this.underway.has(commitment);
  }

  /**
   * Anchors a version that is durable in the vault. A refusal removes it; an unknown outcome keeps it, and
   * the ledger is asked on.
   * @throws Failure the ledger's: everything but OUTCOME_UNKNOWN means that nothing was committed
   */
  async anchor(sealed: SealedVersion, transaction: string, input: unknown): Promise<Anchored> {
    this.underway.add(sealed.commitment);
    try {
      const { result } = await persistently(() => this.ledger.submit(transaction, input));
      const anchored = Anchored.parse(result);
      // Its mark only tells a sweep to look; one that stays is cleared there.
      await this.vault.settle(sealed).catch(() => {});
      return anchored;
    } catch (error) {
      if (error instanceof Failure) await this.refused(sealed, error);
      throw error;
    } finally {
      this.underway.delete(sealed.commitment);
    }
  }

  private async refused(sealed: SealedVersion, { code, about }: Failure): Promise<void> {
    // The refusal is what the caller has to hear; what a store in trouble keeps, the sweep finds by its mark.
    if (code !== 'OUTCOME_UNKNOWN') return this.vault.discard(sealed).catch(() => undefined);
    void this.findOut(sealed, String(about['transaction']));
  }

  private async findOut(sealed: SealedVersion, transaction: string): Promise<void> {
    try {
      const { valid } = await this.ledger.commitOf(transaction, FINDING_OUT);
      await (valid ? this.vault.settle(sealed) : this.vault.discard(sealed));
    } catch {
      // Still unknown: the sealed file keeps its mark, and a later sweep asks the ledger again.
    }
  }
}
