import { Agent, request } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { canonicalJson, digest, transactions } from '@chartkey/vocabulary';
import { GatewayError } from '@hyperledger/fabric-gateway';
import { spent } from '../alone.ts';
import type { Bench, Figure, Result } from '../figure.ts';
import { rawClient } from '../raw-client.ts';
import { abba, median } from '../rounds.ts';
import { processorSecondsOf, type Stage } from '../stage.ts';
import { StatementsAhead } from '../statements-ahead.ts';

const IN_FLIGHT = 64;
/** More statements a second than any arm takes. */
const MOST_A_SECOND = 3_000;
const ORGANISATION = 'RiversideMSP';

type Submit = (statement: string) => Promise<unknown>;

/** R9: what a submit through our gateway, and through our own ledger connection, costs. */
export async function submit(bench: Bench): Promise<Result[]> {
  const stage = await bench.stage();
  const ahead = await StatementsAhead.of(stage, IN_FLIGHT);
  const agent = new Agent({ keepAlive: true, maxSockets: IN_FLIGHT });
  const raw = rawClient(stage.access(ORGANISATION), ORGANISATION);
  const own = stage.run.connect(ORGANISATION);
  const spentHere = () => spent() / 1e6;
  const overRest = measured(
    ahead,
    (statement) => post(agent, stage, statement),
    () => processorSecondsOf(stage.run, ORGANISATION),
  );
  const stock = measured(ahead, (statement) => submitRaw(raw.contract, statement), spentHere);
  const ours = measured(ahead, (statement) => own.submit(transactions.skip, { statement }), spentHere);
  try {
    const rest = await abba(overRest.arm, stock.arm, bench.effort);
    const restCost = costs(overRest.seconds, stock.seconds);
    const client = await abba(ours.arm, stock.arm, bench.effort);
    const clientCost = costs(ours.seconds, stock.seconds.slice(-ours.seconds.length));
    const about = { unit: 'ratio', goal: { atLeast: 1.3 } };
    const beside = `fabric-gateway with its stock signer submitting the same statements to the same ledger, ${IN_FLIGHT} in flight`;
    const rates = ({ a, b }: { a: Figure; b: Figure }) =>
      `${a.value.toFixed(0)} submits/s, ${b.value.toFixed(0)} of the raw client`;
    return [
      {
        ...{ ...about, id: 'R9 REST', beside, figure: rest.ratio },
        measured: `statements a second through POST /v1/statements, each verified, looked up and committed, ${IN_FLIGHT} in flight`,
        notes: [
          rates(rest),
          `processor time per submit: gateway process ${restCost.a}, process of the raw client ${restCost.b}; the gateway’s is HTTP, verification and two queries as well`,
        ],
      },
      {
        ...{ ...about, id: 'R9 client', beside, figure: client.ratio },
        measured: 'the same through our own connection, without REST (what a native signer brings)',
        notes: [rates(client)],
      },
      {
        ...{ ...about, id: 'R9 client processor', figure: clientCost.ratio },
        measured: 'processor time per submit of the raw client',
        beside: 'processor time per submit of our own connection',
        notes: [`raw client ${clientCost.b}, our own connection ${clientCost.a}`],
      },
    ];
  } finally {
    agent.destroy();
    raw.close();
    own.close();
  }
}

/** An arm that also keeps the processor seconds per submit of each block. */
function measured(ahead: StatementsAhead, send: Submit, processorSeconds: () => number) {
  const seconds: number[] = [];
  const arm = async (milliseconds: number) => {
    const lanes = await ahead.ready(Math.ceil((milliseconds / 1000) * (MOST_A_SECOND / IN_FLIGHT)) + 1);
    const [began, before] = [performance.now(), processorSeconds()];
    const done = await Promise.all(
      lanes.map(async ({ statements, used }) => {
        let sent = 0;
        for (const statement of statements) {
          if (performance.now() - began >= milliseconds) break;
          await send(statement);
          sent += 1;
        }
        used(sent);
        return sent;
      }),
    );
    const many = done.reduce((sum, sent) => sum + sent, 0);
    seconds.push((processorSeconds() - before) / many);
    return many / ((performance.now() - began) / 1000);
  };
  return { arm, seconds };
}

/** Processor time per submit of two arms, and how much more the second takes. */
function costs(a: readonly number[], b: readonly number[]) {
  const say = (seconds: readonly number[]) => `${(median(seconds).value * 1000).toFixed(2)} ms`;
  const ratio = median(a.map((own, at) => (b[at] ?? own) / own));
  return { a: say(a), b: say(b), ratio };
}

/** Tries again where another member's peer has not taken in yet what the statement follows, or orderers would not take it. */
async function submitRaw(contract: ReturnType<typeof rawClient>['contract'], statement: string) {
  const input = canonicalJson({ statement });
  for (let left = 20; ; left -= 1) {
    try {
      return await contract.submit(transactions.skip, {
        arguments: [digest(input)],
        transientData: { input },
      });
    } catch (error) {
      if (left === 0 || !(error instanceof GatewayError)) throw error;
      await pause(20);
    }
  }
}

function post(agent: Agent, stage: Stage, statement: string): Promise<void> {
  const headers = { 'Content-Type': 'application/jose', 'Content-Length': statement.length };
  return new Promise((done, failed) => {
    const url = `${stage.river.gateway.url}/v1/statements`;
    const asked = request(url, { agent, method: 'POST', headers }, (answer) => {
      const parts: Buffer[] = [];
      answer.on('data', (part: Buffer) => parts.push(part));
      answer.on('error', failed);
      answer.on('end', () => {
        if (answer.statusCode === 201) done();
        else failed(new Error(`a statement was answered ${answer.statusCode}: ${Buffer.concat(parts)}`));
      });
    });
    asked.on('error', (error: NodeJS.ErrnoException) => {
      // The gateway closed a resting connection just as it was used again: it never saw this statement.
      if (asked.reusedSocket && error.code === 'ECONNRESET') done(post(agent, stage, statement));
      else failed(error);
    });
    asked.end(statement);
  });
}
