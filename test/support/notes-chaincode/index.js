const { createHash } = require('node:crypto');
const { Contract } = require('fabric-contract-api');

/** A chaincode that does one ledger operation per function, for tests of the ledger itself. */
class Notes extends Contract {
  noop() {
    return 'done';
  }

  async put(ctx, key, value) {
    await ctx.stub.putState(key, Buffer.from(value));
  }

  async get(ctx, key) {
    return (await ctx.stub.getState(key)).toString();
  }

  async remove(ctx, key) {
    await ctx.stub.deleteState(key);
  }

  /** Reads before it writes, so two at once conflict. */
  async append(ctx, key, value) {
    const before = (await ctx.stub.getState(key)).toString();
    await ctx.stub.putState(key, Buffer.from(before + value));
    return before + value;
  }

  /** Writes, then tells what a read of the same key gives. */
  async putThenGet(ctx, key, value) {
    await ctx.stub.putState(key, Buffer.from(value));
    return (await ctx.stub.getState(key)).toString();
  }

  async putTwice(ctx, key, first, second) {
    await ctx.stub.putState(key, Buffer.from(first));
    await ctx.stub.putState(key, Buffer.from(second));
  }

  async addItem(ctx, list, item) {
    await ctx.stub.putState(ctx.stub.createCompositeKey('item', [list, item]), Buffer.from(item));
  }

  async addItems(ctx, list, count) {
    for (let i = 0; i < Number(count); i++) await this.addItem(ctx, list, String(i).padStart(5, '0'));
  }

  async removeItem(ctx, list, item) {
    await ctx.stub.deleteState(ctx.stub.createCompositeKey('item', [list, item]));
  }

  async items(ctx, list) {
    const items = [];
    for await (const entry of ctx.stub.getStateByPartialCompositeKey('item', [list])) {
      items.push(entry.value.toString());
    }
    return items;
  }

  /** Counts a list and stores the count, so an item that comes between is a phantom. */
  async storeCount(ctx, list) {
    const items = await this.items(ctx, list);
    await ctx.stub.putState(`count-${list}`, Buffer.from(String(items.length)));
    return items.length;
  }

  async firstItems(ctx, list, count) {
    const items = [];
    for await (const entry of ctx.stub.getStateByPartialCompositeKey('item', [list])) {
      items.push(entry.value.toString());
      if (items.length === Number(count)) break;
    }
    await ctx.stub.putState(`first-${list}`, Buffer.from(items.join()));
    return items;
  }

  async page(ctx, list, size, bookmark) {
    const page = await ctx.stub.getStateByPartialCompositeKeyWithPagination(
      'item',
      [list],
      Number(size),
      bookmark,
    );
    const items = [];
    for (let next = await page.iterator.next(); !next.done; next = await page.iterator.next()) {
      items.push(next.value.value.toString());
    }
    return { items, bookmark: page.metadata.bookmark };
  }

  async pageThenPut(ctx, list) {
    await this.page(ctx, list, '1', '');
    await ctx.stub.putState('paged', Buffer.from('x'));
  }

  async putThenPage(ctx, list) {
    await ctx.stub.putState('paged', Buffer.from('x'));
    return this.page(ctx, list, '1', '');
  }

  async keysBetween(ctx, start, end) {
    const keys = [];
    for await (const entry of ctx.stub.getStateByRange(start, end)) keys.push(entry.key);
    return keys;
  }

  /** Stores the hash of a secret that came as transient data. */
  async keepSecret(ctx) {
    const secret = ctx.stub.getTransient().get('secret');
    const hash = createHash('sha256').update(secret).digest('hex');
    await ctx.stub.putState('secret-hash', Buffer.from(hash));
    return hash;
  }

  async announce(ctx, name, payload) {
    await ctx.stub.putState(`event-${name}`, Buffer.from(payload));
    ctx.stub.setEvent(name, Buffer.from(payload));
  }

  announceTwice(ctx, first, second) {
    ctx.stub.setEvent(first, Buffer.from(first));
    ctx.stub.setEvent(second, Buffer.from(second));
  }

  caller(ctx) {
    return ctx.clientIdentity.getMSPID();
  }

  fail(_ctx, message) {
    throw new Error(message);
  }

  /** Ends its own process in the middle of the transaction. */
  panic() {
    process.exit(1);
  }

  /** Answers so many bytes. */
  large(_ctx, bytes) {
    return 'x'.repeat(Number(bytes));
  }

  sleep(_ctx, milliseconds) {
    return new Promise((resolve) => setTimeout(() => resolve('rested'), Number(milliseconds)));
  }

  async callOther(ctx, name) {
    await ctx.stub.invokeChaincode(name, ['noop'], '');
  }

  async history(ctx, key) {
    await ctx.stub.getHistoryForKey(key);
  }

  async richQuery(ctx) {
    await ctx.stub.getQueryResult('{}');
  }

  async privateData(ctx) {
    await ctx.stub.getPrivateData('collection', 'key');
  }

  async putPrivate(ctx) {
    await ctx.stub.putPrivateData('collection', 'key', Buffer.from('x'));
  }

  async validationParameter(ctx, key) {
    await ctx.stub.setStateValidationParameter(key, Buffer.from('x'));
  }
}

module.exports.contracts = [Notes];
