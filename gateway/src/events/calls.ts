import { createPublicKey, randomBytes } from 'node:crypto';
import { base32Id, DeviceKey, encodeBase64url, type LedgerEvent } from '@chartkey/vocabulary';
import { type GatewayDevice, signedBy } from '../release/index.ts';
import type { Egress } from './egress.ts';

/** Seconds that a call's signature is good for. */
const CALL_SECONDS = 300;

export interface CallsParts {
  device: GatewayDevice;
  network: string;
  /** whose gateway this is */
  organisation: string;
  egress: Egress;
  /** milliseconds since 1970 */
  now: () => number;
}

/** Who is called. */
export interface Called {
  webhook: string;
  url: string;
}

/** The calls of webhooks, each a JWS by the gateway's device, for this URL alone. */
export class WebhookCalls {
  constructor(private readonly parts: CallsParts) {}

  /** Does the receiver at this URL want events? It says so by answering with the challenge it was sent. */
  async challenge(called: Called, stopping: AbortSignal): Promise<boolean> {
    const challenge = encodeBase64url(randomBytes(32));
    try {
      const { status, body } = await this.post(called, { challenge }, stopping);
      return status === 200 && body.toString('latin1').trim() === challenge;
    } catch {
      return false;
    }
  }

  /** Hands events over. @returns the status of the answer; undefined when there was none */
  async deliver(
    called: Called,
    events: readonly LedgerEvent[],
    stopping: AbortSignal,
  ): Promise<number | undefined> {
    try {
      return (await this.post(called, { events }, stopping)).status;
    } catch {
      // What went wrong may name the host, which nobody else is to read.
      return undefined;
    }
  }

  private post({ webhook, url }: Called, says: object, stopping: AbortSignal) {
    const { device, network, organisation, egress, now } = this.parts;
    const jwk = DeviceKey.parse(createPublicKey(device.sig).export({ format: 'jwk' }));
    const iat = Math.floor(now() / 1000);
    const envelope = {
      iss: device.device,
      aud: url,
      jti: base32Id(randomBytes(16)),
      iat,
      exp: iat + CALL_SECONDS,
      ...{ network, organisation, webhook },
    };
    return egress.post(
      url,
      signedBy(device, 'chartkey-event+jwt', { ...envelope, ...says }, { jwk }),
      stopping,
    );
  }
}
