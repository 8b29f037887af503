import { Agent, request } from 'node:http';
import { clientAssertion, type Device } from '@chartkey/client';

const freshAgent = () => new Agent({ keepAlive: true, maxSockets: 256 });

/** Logged reads over REST with plain node:http, so that the client costs little. */
export class Reader {
  /** every access that handed content out */
  readonly accesses = new Set<string>();
  private agent = freshAgent();
  private token: { text: string; until: number } | undefined;

  private readonly device: Device;
  private readonly record: string;
  private readonly length: number;

  constructor(device: Device, record: string, length: number) {
    this.device = device;
    this.record = record;
    this.length = length;
  }

  /** Milliseconds of one read, from asking to the last byte. */
  async read(): Promise<number> {
    const token = await this.bearer();
    const began = performance.now();
    await new Promise<void>((done, failed) => {
      const url = `${this.device.gateway.url}/v1/records/${this.record}/content`;
      const asked = request(
        url,
        { agent: this.agent, headers: { Authorization: `Bearer ${token}` } },
        (answer) => {
          let bytes = 0;
          answer.on('data', (chunk: Buffer) => {
            bytes += chunk.length;
          });
          answer.on('error', failed);
          answer.on('end', () => {
            if (answer.statusCode !== 200 || bytes !== this.length) {
              failed(new Error(`a read was answered ${answer.statusCode} with ${bytes} bytes`));
              return;
            }
            this.accesses.add(String(answer.headers['access-id']));
            done();
          });
        },
      );
      asked.on('error', failed);
      asked.end();
    });
    return performance.now() - began;
  }

  /** Reads per second with so many in flight. */
  async perSecond(inFlight: number, milliseconds: number): Promise<number> {
    await this.bearer();
    // Connections that rested while the other arm ran may be closing just now.
    this.close();
    this.agent = freshAgent();
    const began = performance.now();
    let reads = 0;
    const one = async () => {
      while (performance.now() - began < milliseconds) {
        await this.read();
        reads += 1;
      }
    };
    await Promise.all(Array.from({ length: inFlight }, one));
    return reads / ((performance.now() - began) / 1000);
  }

  /** Median milliseconds of reads one at a time. */
  async alone(milliseconds: number): Promise<number[]> {
    const times: number[] = [];
    for (const began = performance.now(); performance.now() - began < milliseconds; )
      times.push(await this.read());
    return times;
  }

  close(): void {
    this.agent.destroy();
  }

  private async bearer(): Promise<string> {
    if (this.token && Date.now() < this.token.until) return this.token.text;
    const { signer, practice, gateway } = this.device;
    const answer = await fetch(gateway.tokenUrl, {
      method: 'POST',
      body: new URLSearchParams({
        grant_type: 'client_credentials',
        client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
        client_assertion: await clientAssertion({ signer, practice, tokenUrl: gateway.tokenUrl }),
      }),
    });
    const { access_token: text, expires_in: seconds } = (await answer.json()) as {
      access_token: string;
      expires_in: number;
    };
    this.token = { text, until: Date.now() + (seconds - 30) * 1000 };
    return text;
  }
}
