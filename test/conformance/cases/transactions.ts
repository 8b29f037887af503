import { createPrivateKey } from 'node:crypto';
import { signers } from '@hyperledger/fabric-gateway';
import { text } from '../../support/ledger.ts';
import { takeApart, writesIn } from '../forgery.ts';
import type { Cases } from '../groups.ts';
import { codeName, outcomeOf } from '../outcome.ts';

const secret = 'a secret that must not be in any block';

/** What a client does all day, with fabric-gateway as it comes. */
export const transactions: Cases = {
  'an evaluation answers, and changes nothing': async (callers) => {
    const contract = callers.contract();
    const answered = text(await contract.evaluateTransaction('noop'));
    await contract.evaluateTransaction('put', 'ghost', 'x');
    return { answered, after: text(await contract.evaluateTransaction('get', 'ghost')) };
  },

  'a submission answers what the endorsers answered, and stands when it returns': async (callers) => {
    const contract = callers.contract();
    const answered = text(await contract.submitTransaction('append', 'colour', 'blue'));
    return { answered, after: text(await contract.evaluateTransaction('get', 'colour')) };
  },

  'a third party submits and evaluates': async (callers) => {
    const contract = callers.contract('InsurerMSP');
    await contract.submitTransaction('put', 'claim', 'x');
    return [
      await contract.evaluateTransaction('get', 'claim'),
      await contract.evaluateTransaction('caller'),
    ].map(text);
  },

  'endorsement, submission and commit status are three steps of one transaction': async (callers) => {
    const proposal = callers.contract().newProposal('append', { arguments: ['steps', 'a'] });
    const transaction = await proposal.endorse();
    const commit = await transaction.submit();
    const { successful, code, blockNumber, transactionId } = await commit.getStatus();
    return {
      result: text(transaction.getResult()),
      sameId:
        transactionId === proposal.getTransactionId() && transactionId === transaction.getTransactionId(),
      status: { successful, code: codeName(code), inABlock: blockNumber > 0n },
    };
  },

  'an asynchronous submission answers before its commit status': async (callers) => {
    const commit = await callers.contract().submitAsync('append', { arguments: ['async', 'a'] });
    const { successful, code } = await commit.getStatus();
    return { result: text(commit.getResult()), successful, code: codeName(code) };
  },

  'signatures made elsewhere are taken at every step': async (callers) => {
    const { gateway, contract } = callers.as('LakesideMSP', { signer: undefined as never });
    const { privateKey } = callers.ledger.credential('LakesideMSP', 'client');
    const sign = signers.newPrivateKeySigner(createPrivateKey(privateKey));
    const unsigned = contract.newProposal('append', { arguments: ['offline', 'a'] });
    const refused = await outcomeOf(unsigned.endorse().then(() => 'endorsed'));
    const proposal = gateway.newSignedProposal(unsigned.getBytes(), await sign(unsigned.getDigest()));
    const endorsed = await proposal.endorse();
    const transaction = gateway.newSignedTransaction(endorsed.getBytes(), await sign(endorsed.getDigest()));
    const submitted = await transaction.submit();
    const commit = gateway.newSignedCommit(submitted.getBytes(), await sign(submitted.getDigest()));
    const { successful } = await commit.getStatus();
    return { unsigned: refused, result: text(transaction.getResult()), successful };
  },

  'transient data reaches the chaincode and never a block': async (callers) => {
    const proposal = callers.contract().newProposal('keepSecret', { transientData: { secret } });
    const transaction = await proposal.endorse();
    const { blockNumber } = await (await transaction.submit()).getStatus();
    const system = callers.network().getContract('qscc');
    const block = Buffer.from(
      await system.evaluateTransaction('GetBlockByNumber', 'records', String(blockNumber)),
    );
    const evaluated = await callers.contract().evaluate('keepSecret', { transientData: { secret } });
    return {
      answersAlike: text(evaluated) === text(transaction.getResult()),
      digestInBlock: block.includes(text(transaction.getResult())),
      secretInBlock: block.includes(secret),
    };
  },

  'a transaction reads what was committed, not what it wrote': async (callers) => {
    await callers.write('put', 'own', 'before');
    const contract = callers.contract();
    return {
      read: text(await contract.submitTransaction('putThenGet', 'own', 'after')),
      after: text(await contract.evaluateTransaction('get', 'own')),
    };
  },

  'of several writes of a key the last survives, and an empty value is none': async (callers) => {
    await callers.write('putTwice', 'twice', 'first', 'second');
    const envelope = await callers.endorse(['put', 'empty', '']);
    const [write] = writesIn(takeApart(envelope).chaincodeAction);
    const empty = { deletes: write!.getIsDelete(), code: await callers.commit(envelope) };
    await callers.write('put', 'gone', 'x');
    await callers.write('remove', 'gone');
    return {
      twice: await callers.evaluate('get', 'twice'),
      empty,
      keys: JSON.parse(await callers.evaluate('keysBetween', 'e', 'h')),
    };
  },

  'an empty key is refused, in a read and in a write': async (callers) => ({
    read: await outcomeOf(callers.evaluate('get', '')),
    write: await outcomeOf(callers.evaluate('put', '', 'x')),
  }),

  'a range of many keys comes whole, in byte order, without its neighbours': async (callers) => {
    await callers.write('addItems', 'long', '250');
    await callers.write('addItem', 'longer', 'other');
    const items = JSON.parse(await callers.evaluate('items', 'long')) as string[];
    const sorted = items.every((item, i) => i === 0 || items[i - 1]! < item);
    return { count: items.length, sorted, first: items[0]!, last: items.at(-1)! };
  },

  'pages follow each other by bookmark until none is left': async (callers) => {
    await callers.write('addItems', 'paged', '5');
    const pages: { items: string[]; bookmarked: boolean }[] = [];
    for (let bookmark = ''; ; ) {
      const page = JSON.parse(await callers.evaluate('page', 'paged', '2', bookmark));
      bookmark = page.bookmark;
      pages.push({ items: page.items, bookmarked: bookmark !== '' });
      if (bookmark === '') return pages;
    }
  },

  'a paginated query and a write do not go together': async (callers) => ({
    pageThenPut: await outcomeOf(callers.evaluate('pageThenPut', 'paged')),
    putThenPage: await outcomeOf(callers.evaluate('putThenPage', 'paged')),
  }),

  'ranges are of simple keys, by the bytes of UTF-8': async (callers) => {
    for (const key of ['u-\u{1f600}', 'u-\uffee', 'u-é', 'u-z']) await callers.write('put', key, 'x');
    await callers.write('addItem', 'u-', 'composite');
    const between = async (...bounds: string[]) =>
      JSON.parse(await callers.evaluate('keysBetween', ...bounds)) as string[];
    return {
      between: await between('u-', 'u.'),
      reversed: await outcomeOf(between('u.', 'u-')),
      composite: (await between('', '')).some((key) => key.includes('composite')),
    };
  },

  'what a peer without history, rich queries and collections says': async (callers) => ({
    history: await outcomeOf(callers.evaluate('history', 'key')),
    richQuery: await outcomeOf(callers.evaluate('richQuery')),
  }),
};
