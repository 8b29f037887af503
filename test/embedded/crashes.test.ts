import { spawn } from 'node:child_process';
import { appendFileSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { identityFiles, startLedger } from '@chartkey/network';
import {
  type ChaincodeProcess,
  type Connection,
  connectAs,
  freePort,
  killProcess,
  newFolder,
  startChaincode,
  startTestLedger,
  text,
} from '../support/ledger.ts';
import { MAIN, ready, spawnLedger } from '../support/ledger-process.ts';

const quiet = { port: 0, log: () => undefined };
const SEED = 20_261_121;

/** mulberry32: a small seeded generator, so that a failing round can be run again. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

describe('crashes', () => {
  let chaincode: ChaincodeProcess;
  let dataDir: string;
  beforeAll(async () => {
    chaincode = await startChaincode();
  });
  afterAll(() => chaincode.kill());
  beforeEach(() => {
    dataDir = newFolder();
  });
  afterEach(() => rmSync(dataDir, { recursive: true, force: true }));

  const open = () => startLedger({ ...quiet, dataDir, chaincodeAddress: chaincode.address });
  const blocks = () => join(dataDir, 'ledger', 'blocks');

  /** Starts the ledger in this process, uses it, stops it. */
  async function use<Result>(work: (connection: Connection) => Promise<Result>): Promise<Result> {
    const ledger = await open();
    await ledger.chaincodeReady();
    const connection = connectAs(ledger.address, ledger.identities, 'RiversideMSP');
    try {
      return await work(connection);
    } finally {
      connection.close();
      await ledger.stop();
    }
  }
  const get = async ({ contract }: Connection, key: string) =>
    text(await contract.evaluateTransaction('get', key));

  test('kill -9 of the ledger at any moment loses no announced commit', async () => {
    const random = seeded(SEED);
    const port = await freePort();
    const args = ['--data-dir', dataDir, '--port', String(port), '--chaincode', chaincode.address];
    // a killed server can leave grpc-js "ready" without a socket (gateway/src/ledger/renewing.ts): steps end by themselves
    const inTime = () => ({ deadline: Date.now() + 3000 });
    const deadlines = { endorseOptions: inTime, submitOptions: inTime, commitStatusOptions: inTime };
    const announced = new Map<string, string>();
    for (let round = 0; round < 4; round++) {
      const child = spawnLedger(args);
      await ready(child);
      const connection = connectAs(`127.0.0.1:${port}`, identityFiles(dataDir), 'RiversideMSP', deadlines);
      let stopped = false;
      const before = announced.size;
      const writer = async (name: number) => {
        for (let i = 0; !stopped; i++) {
          const key = `${round}-${name}-${i}`;
          try {
            const commit = await connection.contract.submitAsync('put', { arguments: [key, key] });
            if ((await commit.getStatus()).successful) announced.set(key, commit.getTransactionId());
          } catch {
            return;
          }
        }
      };
      const writers = Array.from({ length: 8 }, (_, name) => writer(name));
      while (announced.size === before) await sleep(5);
      await sleep(500 * random());
      await killProcess(child);
      stopped = true;
      await Promise.all(writers);
      connection.close();
    }
    await use(async (connection) => {
      const network = connection.gateway.getNetwork('records');
      const system = network.getContract('qscc');
      const check = async ([key, txId]: [string, string]) => {
        const found = await system.evaluateTransaction('GetTransactionByID', 'records', txId);
        return (await get(connection, key)) === key && found.length > 0;
      };
      const all = [...announced];
      while (all.length > 0) expect(await Promise.all(all.splice(0, 50).map(check))).not.toContain(false);
    });
  });

  test('a full disk refuses transactions, keeps serving reads and loses nothing', async () => {
    const port = await freePort();
    const args = ['--data-dir', dataDir, '--port', String(port), '--chaincode', chaincode.address];
    const command = `ulimit -f 600 && exec "${process.execPath}" "${MAIN}" ${args.join(' ')}`;
    const child = spawn('bash', ['-c', command], { stdio: ['ignore', 'pipe', 'ignore'] });
    await ready(child);
    const commitStatusOptions = () => ({ deadline: Date.now() + 300 });
    const connection = connectAs(`127.0.0.1:${port}`, identityFiles(dataDir), 'RiversideMSP', {
      commitStatusOptions,
    });
    const announced: string[] = [];
    const fill = async (): Promise<unknown> => {
      for (let i = 0; ; i++) {
        try {
          const commit = await connection.contract.submitAsync('put', {
            arguments: [`k${i}`, 'x'.repeat(50_000)],
          });
          const status = await commit.getStatus().catch(() => undefined);
          if (status?.successful) announced.push(`k${i}`);
        } catch (error) {
          return error;
        }
      }
    };
    expect(await fill()).toMatchObject({
      code: 14,
      details: expect.arrayContaining([
        expect.objectContaining({ message: expect.stringContaining('the ledger cannot write its blocks') }),
      ]),
    });
    expect(announced.length).toBeGreaterThan(0);
    expect(await get(connection, announced[0]!)).toHaveLength(50_000);
    connection.close();
    await killProcess(child);
    await use(async (again) => {
      for (const key of announced) expect(await get(again, key)).toHaveLength(50_000);
      await again.contract.submitTransaction('put', 'after', 'x');
    });
  });

  test('a commit status is known after a restart', async () => {
    const { bytes, block } = await use(async ({ contract }) => {
      const commit = await contract.submitAsync('put', { arguments: ['kept', '1'] });
      return { bytes: commit.getBytes(), block: (await commit.getStatus()).blockNumber };
    });
    await use(async ({ gateway }) => {
      const status = await gateway.newCommit(bytes).getStatus();
      expect(status).toMatchObject({ successful: true, blockNumber: block });
    });
  });

  test('a deleted state is rebuilt from the blocks', async () => {
    await use(async ({ contract }) => {
      await contract.submitTransaction('put', 'first', '1');
      await contract.submitTransaction('put', 'gone', '1');
      await contract.submitTransaction('remove', 'gone');
      await contract.submitTransaction('addItems', 'list', '30');
    });
    rmSync(join(dataDir, 'ledger', 'state'), { recursive: true });
    await use(async (connection) => {
      expect(await get(connection, 'first')).toBe('1');
      expect(await get(connection, 'gone')).toBe('');
      expect(JSON.parse(text(await connection.contract.evaluateTransaction('items', 'list')))).toHaveLength(
        30,
      );
      expect(text(await connection.contract.submitTransaction('append', 'first', '2'))).toBe('12');
    });
  });

  test.each([
    ['half a header', [0, 0, 1]],
    ['a frame without its content', [0, 0, 1, 0, 1, 2, 3, 4, 9, 9]],
    ['a whole frame with a wrong checksum', [0, 0, 0, 2, 1, 2, 3, 4, 9, 9]],
    ['zeros', new Array(5000).fill(0)],
  ])('%s at the end of the block file is cut off', async (_, tail) => {
    await use(({ contract }) => contract.submitTransaction('put', 'safe', '1'));
    const { size } = statSync(blocks());
    appendFileSync(blocks(), Buffer.from(tail));
    await use(async (connection) => {
      expect(statSync(blocks()).size).toBe(size);
      expect(await get(connection, 'safe')).toBe('1');
      await connection.contract.submitTransaction('put', 'after', '2');
    });
    expect(await use((connection) => get(connection, 'after'))).toBe('2');
  });

  test('a block that the state has not taken in is taken in at start', async () => {
    await use(({ contract }) => contract.submitTransaction('put', 'one', '1'));
    const early = readFileSync(blocks());
    await use(({ contract }) => contract.submitTransaction('put', 'two', '2'));
    const late = readFileSync(blocks());
    rmSync(join(dataDir, 'ledger', 'state'), { recursive: true });
    writeFileSync(blocks(), early);
    expect(await use((connection) => get(connection, 'two'))).toBe('');
    writeFileSync(blocks(), late);
    expect(await use((connection) => get(connection, 'two'))).toBe('2');
  });

  test('lost or damaged blocks stop the start with a reason', async () => {
    await use(({ contract }) => contract.submitTransaction('put', 'one', '1'));
    const whole = readFileSync(blocks());
    truncateSync(blocks(), whole.length - 10);
    await expect(open()).rejects.toThrow('restore the file from a backup');
    const damaged = Buffer.from(whole);
    damaged[100]! ^= 1;
    writeFileSync(blocks(), damaged);
    rmSync(join(dataDir, 'ledger', 'state'), { recursive: true });
    await expect(open()).rejects.toThrow('is damaged at offset 0');
  });

  test('a folder whose members have other root certificates is refused', async () => {
    await use(({ contract }) => contract.submitTransaction('noop'));
    rmSync(join(dataDir, 'organisations'), { recursive: true });
    await expect(open()).rejects.toThrow('belongs to another network');
  });

  test('a killed chaincode is told to callers at once and called again when it is back', async () => {
    const net = await startTestLedger();
    const { contract } = net.as('RiversideMSP');
    const interrupted = contract.evaluateTransaction('sleep', '5000');
    const failed = expect(interrupted).rejects.toMatchObject({
      code: 10,
      details: expect.arrayContaining([
        expect.objectContaining({ message: expect.stringMatching(/chaincode stream terminated$/) }),
      ]),
    });
    await sleep(200);
    await net.chaincode.kill();
    await failed;
    const refused = {
      code: 10,
      details: [{ message: expect.stringContaining('could not launch chaincode') }],
    };
    await expect(contract.submitTransaction('noop')).rejects.toMatchObject(refused);
    net.chaincode.restart();
    while (!net.ledger.chaincodeConnected) await sleep(20);
    expect(text(await contract.submitTransaction('noop'))).toBe('done');
    await net.stop();
  });
});
