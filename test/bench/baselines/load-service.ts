import { Agent, createServer, get } from 'node:http';
import type { Order, Report, Second } from '../load.ts';
import { openLoop } from '../open-loop.ts';
import { getContent, NotRead } from '../reads.ts';
import { percentile } from '../rounds.ts';

// Plays clients that read over REST, from several loopback addresses, as several machines would. POST an order,
// get the report when it is done; PUT a fresh token meanwhile. It prints the port it listens on.

const ADDRESSES = 16;
/** That each address keeps. */
const CONNECTIONS = 40;
/** Fresh ones for each order: connections that rested since the last one may be closing just now. */
const freshAgents = () =>
  Array.from(
    { length: ADDRESSES },
    (_, at) =>
      new Agent({ keepAlive: true, maxSockets: 400, localAddress: `127.0.1.${at + 1}`, timeout: 60_000 }),
  );

interface Outcome {
  due: number;
  took: number;
  access?: string;
  status?: number;
}

/** The one that reads carry now: it expires while a long load is made. */
let token = '';

async function make({ urls, length, milliseconds, load }: Order): Promise<Report> {
  const [outcomes, late]: [Outcome[], number[]] = [[], []];
  const failed: Record<string, number> = {};
  const agents = freshAgents();
  let turn = 0;
  let saidWhen = 0;
  const read = async (due: number) => {
    late.push(performance.now() - due);
    turn += 1;
    try {
      const headers = await getContent(agents[turn % ADDRESSES]!, urls[turn % urls.length]!, token, length);
      outcomes.push({ due, took: performance.now() - due, access: String(headers['access-id']) });
    } catch (error) {
      if (!(error instanceof NotRead) || (error.status !== 503 && error.status !== 429)) {
        const what =
          error instanceof Error ? ((error as NodeJS.ErrnoException).code ?? error.message) : 'unknown';
        failed[what] = (failed[what] ?? 0) + 1;
        return;
      }
      if (error.retryAfter !== undefined) saidWhen += 1;
      outcomes.push({ due, took: performance.now() - due, status: error.status });
    }
  };
  await connected(agents, new URL('/health/live', urls[0]));
  const began = performance.now();
  if ('rate' in load) {
    await openLoop(load.rate, milliseconds, read);
  } else {
    const one = async () => {
      while (performance.now() - began < milliseconds) await read(performance.now());
    };
    await Promise.all(Array.from({ length: load.inFlight }, one));
  }
  const elapsed = (performance.now() - began) / 1000;
  for (const agent of agents) agent.destroy();
  const admitted = outcomes.filter(({ access }) => access !== undefined);
  const refused = outcomes.filter(({ status }) => status !== undefined);
  return {
    elapsed,
    admitted: admitted.map(({ took }) => took),
    due: admitted.map(({ due }) => due - began),
    refused: refused.map(({ took }) => took),
    ...{ saidWhen, failed, late: percentile(late, 0.95) },
    seconds: bySecond(admitted, refused, began, milliseconds),
    accesses: admitted.map(({ access }) => access!),
  };
}

/** Opens connections ahead, as clients hold them who ask all day. */
async function connected(agents: readonly Agent[], url: URL): Promise<void> {
  const all = agents.flatMap((agent) => Array.from({ length: CONNECTIONS }, () => agent));
  await Promise.all(
    all.map(
      (agent) =>
        new Promise<void>((done, failed) => {
          const asked = get(url, { agent }, (answer) => answer.resume().once('end', done));
          asked.once('error', failed);
        }),
    ),
  );
}

/** By the second in which each was due. */
function bySecond(admitted: Outcome[], refused: Outcome[], began: number, milliseconds: number): Second[] {
  const secondOf = ({ due }: Outcome) => Math.floor((due - began) / 1000);
  const [given, denied] = [Map.groupBy(admitted, secondOf), Map.groupBy(refused, secondOf)];
  return Array.from({ length: Math.ceil(milliseconds / 1000) }, (_, second) => {
    const times = (given.get(second) ?? []).map(({ took }) => took);
    const refusals = denied.get(second)?.length ?? 0;
    return { admitted: times.length, refused: refusals, p95: percentile(times, 0.95) };
  });
}

const server = createServer(async (request, response) => {
  let text = '';
  for await (const part of request) text += part;
  if (request.method === 'PUT') {
    token = text;
    response.end();
    return;
  }
  const order = JSON.parse(text) as Order;
  token = order.token;
  // White space before the report, so that nobody on the way takes a long load for a dead connection.
  const alive = setInterval(() => response.write(' '), 5_000);
  const report = await make(order).finally(() => clearInterval(alive));
  response.end(JSON.stringify(report));
});
server.requestTimeout = 0;
server.listen(0, '127.0.0.1', () => {
  const address = server.address();
  console.log(`listening on ${typeof address === 'object' ? address?.port : address}`);
});
