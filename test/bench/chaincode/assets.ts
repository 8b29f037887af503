import { Context, Contract, Info, Returns, Transaction } from 'fabric-contract-api';

interface Asset {
  id: string;
  owner: string;
  about: string;
  value: number;
}

/** The ordinary contract of assets that are created, read, updated and handed over, as a beginner writes it. */
@Info({ title: 'Assets', description: 'Create, read, update and transfer assets' })
export class Assets extends Contract {
  constructor() {
    super('assets');
  }

  @Transaction()
  async create(context: Context, id: string, owner: string, about: string, value: string): Promise<void> {
    if (await this.exists(context, id)) throw new Error(`asset ${id} exists`);
    await this.put(context, { id, owner, about, value: Number(value) });
  }

  @Transaction(false)
  @Returns('string')
  async read(context: Context, id: string): Promise<string> {
    return JSON.stringify(await this.get(context, id));
  }

  @Transaction()
  async update(context: Context, id: string, about: string, value: string): Promise<void> {
    if (!(await this.exists(context, id))) throw new Error(`asset ${id} is unknown`);
    const asset = await this.get(context, id);
    await this.put(context, { ...asset, about, value: Number(value) });
  }

  @Transaction()
  @Returns('string')
  async transfer(context: Context, id: string, to: string): Promise<string> {
    const asset = await this.get(context, id);
    await this.put(context, { ...asset, owner: to });
    return asset.owner;
  }

  private async exists(context: Context, id: string): Promise<boolean> {
    return (await context.stub.getState(id)).length > 0;
  }

  private async get(context: Context, id: string): Promise<Asset> {
    const bytes = await context.stub.getState(id);
    if (bytes.length === 0) throw new Error(`asset ${id} is unknown`);
    return JSON.parse(Buffer.from(bytes).toString('utf8')) as Asset;
  }

  private async put(context: Context, asset: Asset): Promise<void> {
    await context.stub.putState(asset.id, Buffer.from(JSON.stringify(asset)));
  }
}
