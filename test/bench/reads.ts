import { Agent, type IncomingHttpHeaders, request } from 'node:http';
import { clientAssertion, type Device, type Patient, type Practice } from '@chartkey/client';
import { oneByOne, perSecond } from './crowd.ts';

/** Entries of a full page of a list. */
const PAGE = 50;

const freshAgent = () => new Agent({ keepAlive: true, maxSockets: 4096 });

/** An answer that was not the content asked for. */
export class NotRead extends Error {
  readonly status: number;
  readonly retryAfter: string | undefined;

  constructor(status: number, retryAfter: string | undefined, bytes: number) {
    super(`a read was answered ${status} with ${bytes} bytes`);
    this.status = status;
    this.retryAfter = retryAfter;
  }
}

/** Gets content of a known length with plain node:http, so that the client costs little. */
export function getContent(
  agent: Agent,
  url: string,
  token: string,
  length: number,
): Promise<IncomingHttpHeaders> {
  return new Promise((done, failed) => {
    const asked = request(url, { agent, headers: { Authorization: `Bearer ${token}` } }, (answer) => {
      let bytes = 0;
      answer.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
      });
      answer.on('error', failed);
      answer.on('end', () => {
        const { statusCode = 0, headers } = answer;
        if (statusCode === 200 && bytes === length) done(headers);
        else failed(new NotRead(statusCode, headers['retry-after'], bytes));
      });
    });
    asked.on('error', (error: NodeJS.ErrnoException) => {
      // The gateway closed a resting connection just as it was used again: it never saw this request.
      if (asked.reusedSocket && error.code === 'ECONNRESET') done(getContent(agent, url, token, length));
      else failed(error);
    });
    asked.end();
  });
}

function getText(agent: Agent, url: string, token: string): Promise<string> {
  return new Promise((done, failed) => {
    const asked = request(url, { agent, headers: { Authorization: `Bearer ${token}` } }, (answer) => {
      const chunks: Buffer[] = [];
      answer.on('data', (chunk: Buffer) => chunks.push(chunk));
      answer.on('error', failed);
      answer.on('end', () => {
        const text = Buffer.concat(chunks).toString();
        if (answer.statusCode === 200) done(text);
        else failed(new Error(`${answer.statusCode}: ${text}`));
      });
    });
    asked.on('error', failed);
    asked.end();
  });
}

/** Logged reads of one record over REST. */
export class Reader {
  /** every access that handed content out */
  readonly accesses = new Set<string>();
  private agent = freshAgent();
  private readonly bearer: () => Promise<string>;
  private readonly device: Device;
  private readonly records: readonly string[];
  private readonly length: number;
  private turn = 0;

  /** @param records read in turn; all of one length */
  constructor(device: Device, records: readonly string[], length: number) {
    this.device = device;
    this.bearer = bearerOf(device);
    this.records = records;
    this.length = length;
  }

  /** One read, from asking to the last byte. */
  async read(): Promise<void> {
    const token = await this.bearer();
    const record = this.records[this.turn++ % this.records.length];
    const url = `${this.device.gateway.url}/v1/records/${record}/content`;
    const headers = await getContent(this.agent, url, token, this.length);
    this.accesses.add(String(headers['access-id']));
  }

  /** Reads per second with so many in flight. @param times gets the milliseconds of each */
  async perSecond(inFlight: number, milliseconds: number, times?: number[]): Promise<number> {
    await this.refresh();
    return perSecond(inFlight, milliseconds, async () => {
      const began = performance.now();
      await this.read();
      times?.push(performance.now() - began);
    });
  }

  /** Milliseconds of reads one at a time. */
  async alone(milliseconds: number): Promise<number[]> {
    await this.refresh();
    return oneByOne(milliseconds, () => this.read());
  }

  close(): void {
    this.agent.destroy();
  }

  /** Connections that rested while the other arm ran may be closing just now. */
  async refresh(): Promise<void> {
    await this.bearer();
    this.close();
    this.agent = freshAgent();
  }
}

/** A device's access token, the same one until it is about to expire: a device has 64 sessions at most. */
export function bearerOf(device: Device): () => Promise<string> {
  let token = { text: '', until: 0 };
  let fetching: Promise<void> | undefined;
  const renew = async () => {
    token = await tokenOf(device);
  };
  return async () => {
    if (Date.now() > token.until) {
      // one for all who find it expired
      fetching ??= renew().finally(() => {
        fetching = undefined;
      });
      await fetching;
    }
    return token.text;
  };
}

/** Newest pages of a patient's log over REST, for the patient. */
export class LogReader {
  private agent = freshAgent();
  private token = { text: '', until: 0 };
  private readonly patient: Patient;

  constructor(patient: Patient) {
    this.patient = patient;
  }

  /** One page, from asking to the last byte. @throws Error unless it is a full one */
  async read(): Promise<void> {
    const url = `${this.patient.gateway.url}/v1/patients/${this.patient.id}/accesses`;
    const text = await getText(this.agent, url, this.token.text);
    const { items } = JSON.parse(text) as { items: unknown[] };
    if (items.length !== PAGE) throw new Error(`a page of ${items.length} entries`);
  }

  close(): void {
    this.agent.destroy();
  }

  async refresh(): Promise<void> {
    const { keys, gateway } = this.patient;
    if (Date.now() > this.token.until) this.token = await tokenOf({ signer: keys.sig, gateway });
    this.close();
    this.agent = freshAgent();
  }
}

/** A device's or patient's access token, and until when it is worth using (milliseconds). */
export async function tokenOf({
  signer,
  practice,
  gateway,
}: Pick<Device, 'signer' | 'gateway'> & { practice?: Practice }): Promise<{ text: string; until: number }> {
  const answer = await fetch(gateway.tokenUrl, {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'client_credentials',
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_assertion: await clientAssertion({ signer, practice, tokenUrl: gateway.tokenUrl }),
    }),
  });
  if (!answer.ok) throw new NotRead(answer.status, answer.headers.get('retry-after') ?? undefined, 0);
  const { access_token: text, expires_in: seconds } = (await answer.json()) as {
    access_token: string;
    expires_in: number;
  };
  return { text, until: Date.now() + (seconds - 30) * 1000 };
}
