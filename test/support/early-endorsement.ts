import { ledgerAccess } from '@chartkey/network';
import { type AccessItem, canonicalJson, digest, transactions } from '@chartkey/vocabulary';
import { sharedConsortium } from './consortium.ts';
import { connectWith } from './ledger.ts';

/** A transaction that has its endorsements and has not been submitted. */
export interface Endorsed {
  transaction: string;
  /** Submits it at last. @returns the validation code (0 is VALID) */
  submit(): Promise<number>;
}

/** Has a request for accesses endorsed in an organisation's name, and holds it back. */
export async function endorseAccess(organisation: string, items: AccessItem[]): Promise<Endorsed> {
  const { contract, close } = connectWith(
    ledgerAccess(sharedConsortium().dataDir, organisation),
    organisation,
  );
  const input = canonicalJson({ items });
  const proposal = contract.newProposal(transactions.requestAccess, {
    arguments: [digest(input)],
    transientData: { input },
  });
  const endorsed = await proposal.endorse();
  return {
    transaction: endorsed.getTransactionId(),
    async submit() {
      try {
        const { code } = await (await endorsed.submit()).getStatus();
        return code;
      } finally {
        close();
      }
    },
  };
}
