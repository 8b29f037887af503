import { type AccessItem, canonicalJson, digest, transactions } from '@chartkey/vocabulary';
import { common, gateway, ledger } from '@hyperledger/fabric-protos';
import { DEMO_CONSORTIUM } from '../../network/consortium.ts';
import { committedAction } from '../../network/embedded/envelope.ts';
import { ledgerAccess } from '../../network/ledger-access.ts';
import { sharedConsortium } from './consortium.ts';
import { connectWith } from './ledger.ts';

/** A transaction that has its endorsements and has not been submitted. */
export interface Endorsed {
  transaction: string;
  /** keys that the chaincode read, in order */
  reads: string[];
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
    reads: readsOf(endorsed.getBytes()),
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

/** Fabric reads its own `_lifecycle` beside what the chaincode reads. */
function readsOf(prepared: Uint8Array): string[] {
  const envelope = gateway.PreparedTransaction.deserializeBinary(prepared).getEnvelope();
  const payload = common.Payload.deserializeBinary(envelope?.getPayload_asU8() ?? new Uint8Array());
  const { rwset } = ledger;
  const results = rwset.TxReadWriteSet.deserializeBinary(committedAction(payload).getResults_asU8());
  const own = results.getNsRwsetList().find((one) => one.getNamespace() === DEMO_CONSORTIUM.chaincode);
  const set = rwset.kvrwset.KVRWSet.deserializeBinary(own?.getRwset_asU8() ?? new Uint8Array());
  return set.getReadsList().map((read) => read.getKey());
}
