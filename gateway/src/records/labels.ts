import { labelKeyIn, type ReadStatement } from '@chartkey/rules';
import { Failure, labelsOf, queries, Relation, type Sensitivity } from '@chartkey/vocabulary';
import type { Ledger } from '../ledger/ledger.ts';
import { type GatewayDevice, unwrapLabelKey } from '../release/index.ts';
import { NotInVault, Tampered, type Vault } from '../vault/index.ts';
import { fromVault } from './from-vault.ts';

export interface LabelsParts {
  ledger: Pick<Ledger, 'evaluate'>;
  vault: Pick<Vault, 'labelKey' | 'keepLabelKey'>;
  /** this organisation's id */
  organisation: string;
  /** label keys are sealed for its `enc` key */
  device: GatewayDevice;
  /** the statement of a patient's grant, proven to be the patient's. @throws Failure LEDGER_DISAGREES */
  statementOf(grant: string, patient: string): Promise<ReadStatement>;
}

/**
 * Labels of what is stored here. A patient's key for them is opened when it is first needed, from the statement
 * that brought it, and kept under the vault key from then on: another gateway device finds it there.
 */
export class Labels {
  constructor(private readonly parts: LabelsParts) {}

  /**
   * The labels of some classes of a patient, in the ledger's order.
   * @throws Failure LABELS_NOT_READY; LEDGER_DISAGREES, INTEGRITY_BROKEN, VAULT_FULL
   */
  async of(patient: string, classes: readonly Sensitivity[]): Promise<string[]> {
    if (classes.length === 0) return [];
    const key = (await this.kept(patient)) ?? (await this.opened(patient));
    const labels = labelsOf(key, classes);
    key.fill(0);
    return labels;
  }

  private async kept(patient: string): Promise<Buffer | undefined> {
    return fromVault(async () => {
      try {
        return await this.parts.vault.labelKey(patient);
      } catch (error) {
        if (error instanceof NotInVault) return undefined;
        throw error;
      }
    });
  }

  /** The first key that opens, of the grants to record that stand. */
  private async opened(patient: string): Promise<Buffer> {
    const { ledger, vault, organisation } = this.parts;
    const { grants } = Relation.parse(await ledger.evaluate(queries.relation, patient, organisation));
    for (const { grant, actions, from } of grants) {
      if (!actions.includes('record') || from !== undefined) continue;
      const key = this.keyIn(await this.parts.statementOf(grant, patient));
      if (key) return fromVault(() => vault.keepLabelKey(patient, key));
    }
    throw new Failure('LABELS_NOT_READY');
  }

  private keyIn({ payload }: ReadStatement): Buffer | undefined {
    if (payload.act !== 'grantConsent' && payload.act !== 'enrolPatient') return undefined;
    const sent = labelKeyIn(payload);
    if (!sent) return undefined;
    const { enc, encId } = this.parts.device;
    try {
      return unwrapLabelKey(sent.jwe, enc, encId, sent.use);
    } catch (error) {
      // For an earlier gateway device, or never meant to open: another grant may bring one that does.
      if (error instanceof Tampered) return undefined;
      throw error;
    }
  }
}
