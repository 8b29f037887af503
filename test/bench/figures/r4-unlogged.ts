import { randomBytes } from 'node:crypto';
import { Agent } from 'node:http';
import { join } from 'node:path';
import { startProgram } from '../baselines/run.ts';
import { perSecond } from '../crowd.ts';
import type { Bench, Result } from '../figure.ts';
import { checkLogged } from '../logged.ts';
import { getContent, Reader } from '../reads.ts';
import { CONTENT, storeRecords } from '../records.ts';
import { abba } from '../rounds.ts';

const IN_FLIGHT = 256;
const ORGANISATION = 'RiversideMSP';

/** R4: logging every read, beside the usual service that only asks whether it may. */
export async function unlogged(bench: Bench): Promise<Result[]> {
  const [stage, baseline] = [await bench.stage(), await bench.baseline()];
  const reader = new Reader(stage.river, await storeRecords(stage), CONTENT);
  const client = baseline.connect(ORGANISATION);
  const id = randomBytes(8).toString('hex');
  await client.contract.submitTransaction('looks:create', id, ORGANISATION, '1');
  client.close();
  const token = randomBytes(32).toString('base64url');
  const settings = {
    access: baseline.access(ORGANISATION),
    organisation: ORGANISATION,
    bytes: CONTENT,
    token,
  };
  const service = await startProgram('unlogged-service', settings, join(baseline.dataDir, 'logs'));
  const agent = new Agent({ keepAlive: true, maxSockets: 4096, timeout: 60_000 });
  try {
    const url = `${service.url}/records/${id}`;
    const ours = (time: number) => reader.perSecond(IN_FLIGHT, time);
    const usual = (time: number) => perSecond(IN_FLIGHT, time, () => getContent(agent, url, token, CONTENT));
    const { a, b, ratio } = await abba(ours, usual, bench.effort);
    return [
      {
        id: 'R4',
        measured: `logged reads a second through REST, ${IN_FLIGHT} in flight`,
        beside:
          'an Express service that evaluates a check per read (stock signer, no entry), decrypts with node:crypto and answers',
        unit: 'ratio',
        goal: { atLeast: 1.5 },
        figure: ratio,
        notes: [
          `${a.value.toFixed(0)} logged reads/s, ${b.value.toFixed(0)} unlogged ones; ${await checkLogged(stage, reader.accesses)}`,
        ],
      },
    ];
  } finally {
    agent.destroy();
    reader.close();
    await service.stop();
  }
}
