import {
  checkGenesis,
  memberOf,
  newMasterKey,
  REPLACEMENT_MINUTES,
  readStatement,
  replacers,
} from '@chartkey/rules';
import {
  canonicalJson,
  Failure,
  type OrganisationFacts,
  RegisterConsortiumInput,
  StatementInput,
  thumbprint,
} from '@chartkey/vocabulary';
import { Info, Returns, Transaction } from 'fabric-contract-api';
import { ownCodeDigest } from '../code-digest.ts';
import { succeed } from '../master-keys.ts';
import { openApproval } from '../open-request.ts';
import { RecordsTransaction } from '../transaction.ts';
import { useKey } from '../use-key.ts';
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

  /** The old key's last statement; the new one proves itself inside. */
  @Transaction()
  @Returns('string')
  async rotateMasterKey(tx: RecordsTransaction, input: string): Promise<string> {
    const statement = readStatement(tx.input(StatementInput, input).statement, 'rotateMasterKey');
    return tx.once(statement, async () => {
      const { iss: organisation } = statement.payload;
      await tx.acceptFromMaster(statement);
      const { network } = await tx.network();
      const { key, sig } = newMasterKey(statement, { network, time: tx.time, checks: tx.checks });
      await useMasterKey(tx, organisation, key);
      await succeed(tx, organisation, sig, { statement: statement.id });
      return undefined;
    });
  }

  /** Another member asks for it after a loss, and counts as agreed; the last approval brings it about. */
  @Transaction()
  @Returns('string')
  async replaceMasterKey(tx: RecordsTransaction, input: string): Promise<string> {
    const statement = readStatement(tx.input(StatementInput, input).statement, 'replaceMasterKey');
    return tx.once(statement, async () => {
      const { iss, organisation } = statement.payload;
      await tx.acceptFromMaster(statement);
      const { network, genesis } = await tx.network();
      const { of, need } = replacers(genesis, organisation);
      const { key, sig } = newMasterKey(statement, { network, time: tx.time, checks: tx.checks });
      await useMasterKey(tx, organisation, key);
      const asking = {
        subject: { kind: 'master-key' as const, organisation, replacement: statement.id },
        of: of.map((id) => ({ organisation: id })),
        need,
        within: REPLACEMENT_MINUTES,
      };
      const { status } = openApproval(tx, asking, { by: { organisation: iss }, statement: statement.id });
      // Of two members, the other one alone is more than half.
      if (status === 'granted') await succeed(tx, organisation, sig, { statement: statement.id });
      return undefined;
    });
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
    for (const { id } of genesis.organisations) facts.push(await factsOf(tx, id));
    return canonicalJson(facts);
  }

  @Transaction(false)
  @Returns('string')
  async organisation(tx: RecordsTransaction, organisation: string): Promise<string> {
    const { id } = memberOf((await tx.network()).genesis, organisation);
    return canonicalJson(await factsOf(tx, id));
  }

  /** A statement of the process about itself: it finds mistakes. Against lies there is the endorsement policy. */
  @Transaction(false)
  @Returns('string')
  async runningCode(): Promise<string> {
    return canonicalJson({ digest: ownCodeDigest() });
  }
}

async function factsOf(tx: RecordsTransaction, id: string): Promise<OrganisationFacts> {
  const master = await tx.world.masterKeys.find(id);
  return { id, nextSeq: await tx.nextSeq(id), ...(master && { master }) };
}

/** No key is a master key twice, nor once something else. @throws Failure KEY_USED */
async function useMasterKey(tx: RecordsTransaction, organisation: string, key: string): Promise<void> {
  const { genesis } = await tx.network();
  if (genesis.organisations.some(({ masterKey }) => thumbprint(masterKey) === key)) {
    throw new Failure('KEY_USED');
  }
  await useKey(tx, organisation, key);
}
