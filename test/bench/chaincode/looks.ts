import { Context, Contract, Info, Returns, Transaction } from 'fabric-contract-api';

interface Kept {
  owner: string;
  /** who may look; inside the record, as the usual design has it */
  grants: { organisation: string; until: string }[];
  /** who looked last and when, where a design counts */
  last?: { organisation: string; at: string; looks: number };
  /** every look, where a design keeps the log as one array */
  log?: { organisation: string; at: string }[];
}

/** The usual designs of records with access checks, beside which ours is measured. */
@Info({ title: 'Looks', description: 'Records with grants inside them, and logs of looks' })
export class Looks extends Contract {
  constructor() {
    super('looks');
  }

  /** A record with so many grants, the last of which lets `organisation` look. */
  @Transaction()
  async create(context: Context, id: string, organisation: string, many: string): Promise<void> {
    const until = '2099-12-31T23:59:59.999Z';
    const others = Array.from({ length: Number(many) - 1 }, (_, at) => ({
      organisation: `Other${at}MSP`,
      until,
    }));
    await this.put(context, id, { owner: 'somebody', grants: [...others, { organisation, until }] });
  }

  /** Whether an organisation may look: checks, and leaves no trace. */
  @Transaction(false)
  @Returns('string')
  async mayLook(context: Context, id: string, organisation: string): Promise<string> {
    this.check(context, await this.get(context, id), organisation);
    return 'yes';
  }

  /** Checks, and remembers in the record who looked last. */
  @Transaction()
  @Returns('string')
  async lookCounted(context: Context, id: string, organisation: string): Promise<string> {
    const kept = await this.get(context, id);
    const at = this.check(context, kept, organisation);
    await this.put(context, id, { ...kept, last: { organisation, at, looks: (kept.last?.looks ?? 0) + 1 } });
    return 'yes';
  }

  /** Takes the organisation's grant away and gives it back: what a revocation writes. */
  @Transaction()
  async regrant(context: Context, id: string, organisation: string): Promise<void> {
    const kept = await this.get(context, id);
    const others = kept.grants.filter((grant) => grant.organisation !== organisation);
    const until = '2099-12-31T23:59:59.999Z';
    await this.put(context, id, { ...kept, grants: [...others, { organisation, until }] });
  }

  /** Adds so many looks to the record's array. */
  @Transaction()
  async lookIntoArray(context: Context, id: string, organisation: string, many: string): Promise<void> {
    const kept = await this.get(context, id);
    const at = this.check(context, kept, organisation);
    const fresh = Array.from({ length: Number(many) }, () => ({ organisation, at }));
    await this.put(context, id, { ...kept, log: [...(kept.log ?? []), ...fresh] });
  }

  /** The newest so many of the array. */
  @Transaction(false)
  @Returns('string')
  async newestOfArray(context: Context, id: string, many: string): Promise<string> {
    const { log = [] } = await this.get(context, id);
    return JSON.stringify(log.slice(-Number(many)));
  }

  /** The newest so many of the key's history (Fabric answers newest first; the embedded ledger has none). */
  @Transaction(false)
  @Returns('string')
  async newestOfHistory(context: Context, id: string, many: string): Promise<string> {
    const looks: string[] = [];
    const history = await context.stub.getHistoryForKey(id);
    for (let next = await history.next(); !next.done; next = await history.next()) {
      looks.push(next.value.txId);
      if (looks.length === Number(many)) break;
    }
    await history.close();
    return JSON.stringify(looks);
  }

  private check(context: Context, { grants }: Kept, organisation: string): string {
    const at = new Date(Number(context.stub.getTxTimestamp().seconds) * 1000).toISOString();
    if (!grants.some((grant) => grant.organisation === organisation && grant.until > at))
      throw new Error(`${organisation} may not look`);
    return at;
  }

  private async get(context: Context, id: string): Promise<Kept> {
    const bytes = await context.stub.getState(id);
    if (bytes.length === 0) throw new Error(`record ${id} is unknown`);
    return JSON.parse(Buffer.from(bytes).toString('utf8')) as Kept;
  }

  private async put(context: Context, id: string, kept: Kept): Promise<void> {
    await context.stub.putState(id, Buffer.from(JSON.stringify(kept)));
  }
}
