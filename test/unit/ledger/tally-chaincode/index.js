const { createHash } = require('node:crypto');
const { Contract } = require('fabric-contract-api');

/** A chaincode that takes input as ours does, and counts: for tests of the way to the ledger. */
class Tally extends Contract {
  constructor() {
    super('tally');
  }

  input(ctx, digest) {
    const text = ctx.stub.getTransient().get('input');
    if (createHash('sha256').update(text).digest('base64url') !== digest)
      throw new Error('[INVALID_TRANSACTION]');
    return JSON.parse(text);
  }

  async counted(ctx, name) {
    const stored = await ctx.stub.getState(ctx.stub.createCompositeKey('tally', [name]));
    return stored.length === 0 ? 0 : JSON.parse(stored).count;
  }

  /** Writes each name without a look at what was there, so nothing conflicts. */
  async note(ctx, digest) {
    const { names } = this.input(ctx, digest);
    if (names.includes('foreign')) throw new Error('[SESSION_FOREIGN]');
    for (const name of names) {
      await ctx.stub.putState(ctx.stub.createCompositeKey('tally', [name]), Buffer.from('{"count":1}'));
    }
    return { names };
  }

  /** Reads before it writes, so two at once conflict. */
  async count(ctx, digest) {
    const { names } = this.input(ctx, digest);
    const counts = [];
    for (const name of names) {
      const count = (await this.counted(ctx, name)) + 1;
      await ctx.stub.putState(
        ctx.stub.createCompositeKey('tally', [name]),
        Buffer.from(JSON.stringify({ count })),
      );
      counts.push(count);
    }
    return { counts };
  }

  async drop(ctx, digest) {
    const { names } = this.input(ctx, digest);
    for (const name of names) await ctx.stub.deleteState(ctx.stub.createCompositeKey('tally', [name]));
    return { names };
  }

  async of(ctx, name) {
    return { count: await this.counted(ctx, name) };
  }

  async strict(_ctx, expected) {
    throw new Error(`[STALE_SEQUENCE] expected=${expected}`);
  }
}

exports.contracts = [Tally];
