import {
  connect,
  makeKeys,
  ProblemError,
  UnexpectedAnswer,
  Unreachable,
  WrongGateway,
} from '@chartkey/client';
import { statementIdOf } from '../../support/signing.ts';
import { ForeignGateway, json } from './foreign-gateway.ts';

let foreign: ForeignGateway;
beforeEach(async () => {
  foreign = await ForeignGateway.start();
});
afterEach(() => foreign.stop());

const says = (change: object) =>
  foreign.on('GET', '/.well-known/chartkey', (_seen, response) =>
    json(response, 200, { ...foreign.wellKnown(), ...change }),
  );

test('a gateway is taken for what it says once its genesis document hashes to the pinned network id', async () => {
  const gateway = await connect(`${foreign.url}/`, { network: foreign.network });
  expect(gateway).toMatchObject({
    url: foreign.url,
    network: foreign.network,
    ledger: 'embedded',
    organisation: 'RiversideMSP',
    tokenUrl: `${foreign.url}/v1/oauth/token`,
  });
});

test('another network than the pinned one is refused', async () => {
  const network = `demo-${'A'.repeat(43)}`;
  await expect(foreign.connect({ network })).rejects.toThrow(WrongGateway);
});

test('a genesis document that is not that of the network id is refused', async () => {
  says({ genesis: { ...foreign.genesis, salt: 'B'.repeat(43) } });
  await expect(foreign.connect()).rejects.toThrow(WrongGateway);
});

test('a gateway at another address than the genesis document names is refused, unless that is wanted', async () => {
  const elsewhere = foreign.url.replace('127.0.0.1', 'localhost');
  await expect(connect(elsewhere)).rejects.toThrow(WrongGateway);
  expect((await connect(elsewhere, { checkAddress: false })).organisation).toBe('RiversideMSP');
});

test('an organisation that is no member is refused', async () => {
  says({ organisation: 'NobodyMSP' });
  await expect(foreign.connect()).rejects.toThrow(WrongGateway);
});

test('a network that is no demo is not spoken to without TLS', async () => {
  const genesis = { ...foreign.genesis, demo: false };
  const { networkId } = await import('@chartkey/vocabulary');
  says({ genesis, network: networkId(genesis as never) });
  await expect(connect(foreign.url)).rejects.toThrow('TLS');
});

test('something that is no gateway is an unexpected answer', async () => {
  foreign.on('GET', '/.well-known/chartkey', (_seen, response) => json(response, 200, { hello: 'world' }));
  await expect(foreign.connect()).rejects.toThrow(UnexpectedAnswer);
});

test('a redirect is not followed', async () => {
  foreign.on('GET', '/.well-known/chartkey', (_seen, response) => {
    response.writeHead(302, { Location: '/elsewhere' }).end();
  });
  await expect(foreign.connect()).rejects.toThrow(Unreachable);
  expect(foreign.times('/elsewhere')).toBe(0);
});

test('nobody at the address is told as such', async () => {
  const { url } = foreign;
  await foreign.stop();
  await expect(connect(url, { retries: false })).rejects.toThrow(/no answer from .*ECONNREFUSED/);
  foreign = await ForeignGateway.start();
});

test('a master key that the genesis document does not name is refused', async () => {
  const gateway = await foreign.connect();
  const { sig } = await makeKeys();
  expect(() => gateway.masterKey(sig)).toThrow(WrongGateway);
});

test('the master key approves and revokes devices, the first one without a session', async () => {
  const { sig } = await makeKeys();
  await foreign.stop();
  foreign = await ForeignGateway.start({ masterKey: sig.publicKey });
  let expected = 3;
  foreign.on('POST', '/v1/statements', (seen, response) => {
    const statement = JSON.parse(
      Buffer.from(seen.body.toString().split('.')[1] ?? '', 'base64url').toString(),
    );
    if (statement.seq !== undefined && statement.seq !== expected) {
      return json(response, 409, { code: 'STALE_SEQUENCE', expected });
    }
    expected += 1;
    const { id, act } = { id: statementIdOf(seen.body.toString()), act: statement.act };
    json(response, 201, {
      act,
      id,
      transaction: 'a'.repeat(64),
      block: 1,
      committedAt: new Date().toISOString(),
    });
  });
  const master = (await foreign.connect()).masterKey(sig);
  expect((await master.approve('a.b.c')).act).toBe('approveDevice');
  expect((await master.approve('a.b.d', '2030-01-01T00:00:00.000Z')).act).toBe('approveDevice');
  expect((await master.revoke('A'.repeat(43))).act).toBe('revokeDevice');
  expect(foreign.times('/v1/statements')).toBe(4);
  await expect(master.statements.author.skip(0)).rejects.not.toBeInstanceOf(ProblemError);
});
