import { Failure, OFFER_SECONDS } from '@chartkey/vocabulary';
import { AlreadyInVault, type Store } from '../vault/index.ts';

/** Milliseconds after which an offer has expired for certain, whatever its signer's clock said. */
const FORGOTTEN = 2 * OFFER_SECONDS * 1000;

/** Offers that were used, each a file of its id: a restart forgets none while it could be used again. */
export class UsedOffers {
  private swept = 0;

  constructor(
    private readonly store: Store,
    private readonly now: () => number,
  ) {}

  /** Marks an offer as used; durable when it resolves. @throws Failure OFFER_USED; VAULT_FULL and the like */
  async use(jti: string): Promise<void> {
    await this.sweep();
    try {
      await this.store.put(jti, [], { ifAbsent: true });
    } catch (error) {
      throw error instanceof AlreadyInVault ? new Failure('OFFER_USED') : error;
    }
  }

  /** Once in a while, what has expired goes. */
  private async sweep(): Promise<void> {
    const now = this.now();
    if (now - this.swept < FORGOTTEN) return;
    this.swept = now;
    for await (const { name, writtenAt } of this.store.list('')) {
      if (now - writtenAt > FORGOTTEN) await this.store.delete(name);
    }
  }
}
