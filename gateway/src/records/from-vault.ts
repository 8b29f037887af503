import { Failure, type FailureCode } from '@chartkey/vocabulary';
import { NotInVault, Tampered, VaultFull } from '../vault/index.ts';

/**
 * Runs work of the vault and says its errors in the gateway's words.
 * @throws Failure VAULT_FULL; INTEGRITY_BROKEN when anchored bytes are missing or not the anchored ones
 */
export async function fromVault<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    const code = codeOf(error);
    if (code === undefined) throw error;
    const failure = new Failure(code);
    failure.cause = error;
    throw failure;
  }
}

function codeOf(error: unknown): FailureCode | undefined {
  if (error instanceof VaultFull) return 'VAULT_FULL';
  return error instanceof Tampered || error instanceof NotInVault ? 'INTEGRITY_BROKEN' : undefined;
}
