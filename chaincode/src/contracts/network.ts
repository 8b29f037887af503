import { checkGenesis, memberOf } from '@chartkey/rules';
import { canonicalJson, Failure, RegisterConsortiumInput } from '@chartkey/vocabulary';
import { Info, Returns, Transaction } from 'fabric-contract-api';
import { ownCodeDigest } from '../code-digest.ts';
import { RecordsTransaction } from '../transaction.ts';
import { LedgerContract } from './ledger-contract.ts';

@Info({ title: 'network', description: 'Who founded this network' })
export class NetworkContract extends LedgerContract {
  constructor() {
    super('network');
  }

  /** Works once: the members change by governance, never by a second registration. */
  @Transaction()
  @Returns('string')
  async registerConsortium(tx: RecordsTransaction, input: string): Promise<string> {
    const signed = tx.input(RegisterConsortiumInput, input);
    if (await tx.world.network.find()) throw new Failure('CONSORTIUM_REGISTERED');
    const network = checkGenesis(signed, tx.checks);
    memberOf(signed.genesis, tx.caller);
    tx.world.network.put({ ...signed, network });
    return canonicalJson({ network });
  }

  @Transaction(false)
  @Returns('string')
  async network(tx: RecordsTransaction): Promise<string> {
    return canonicalJson(await tx.network());
  }

  @Transaction(false)
  @Returns('string')
  async organisations(tx: RecordsTransaction): Promise<string> {
    const { genesis } = await tx.network();
    const facts = [];
    for (const { id } of genesis.organisations) facts.push({ id, nextSeq: await tx.nextSeq(id) });
    return canonicalJson(facts);
  }

  @Transaction(false)
  @Returns('string')
  async organisation(tx: RecordsTransaction, organisation: string): Promise<string> {
    const { id } = memberOf((await tx.network()).genesis, organisation);
    return canonicalJson({ id, nextSeq: await tx.nextSeq(id) });
  }

  /** A statement of the process about itself: it finds mistakes. Against lies there is the endorsement policy. */
  @Transaction(false)
  @Returns('string')
  async runningCode(): Promise<string> {
    return canonicalJson({ digest: ownCodeDigest() });
  }
}
