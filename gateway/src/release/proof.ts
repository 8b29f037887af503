import { randomBytes } from 'node:crypto';
import type { ApprovedDevice, SignatureChecks } from '@chartkey/rules';
import {
  Algorithm,
  algorithmOf,
  Base32Id,
  base32Id,
  Failure,
  parseCompactJws,
  parseUnambiguous,
  Seconds,
  Thumbprint,
} from '@chartkey/vocabulary';
import * as z from 'zod';
import type { Devices } from './devices.ts';
import { type GatewayDevice, signedBy } from './gateway-device.ts';
import { Replays } from './replays.ts';

/** Seconds that a proof lives at most. */
const PROOF_SECONDS = 60;
/** Seconds that the asker's clock may be ahead. */
const SKEW_SECONDS = 30;
/** One with an RS384 signature has about 1 KB. */
const MOST_BYTES = 4096;

const Header = z.strictObject({ alg: Algorithm, kid: Thumbprint, typ: z.literal('chartkey-release+jwt') });
const Claims = z.strictObject({
  aud: z.string().max(400),
  exp: Seconds,
  iat: Seconds,
  iss: Thumbprint,
  jti: Base32Id,
  sub: Thumbprint,
});

/** Where a custodian hands keys over: the `aud` of a proof that asks for one. */
export function releasesUrl(gatewayUrl: string): string {
  return `${gatewayUrl.replace(/\/$/, '')}/v1/releases`;
}

/** Where sealed bytes of a released access are fetched: the `aud` of a proof that asks for them. */
export function sealedUrl(gatewayUrl: string, access: string): string {
  return `${releasesUrl(gatewayUrl)}/${access}/sealed`;
}

/**
 * A fresh Bearer JWT by which a gateway's device proves itself to another gateway (wire.md, "Between gateways").
 * @param now milliseconds
 */
export function makeProof(device: GatewayDevice, audience: string, now: number): string {
  const iat = Math.floor(now / 1000);
  const claims = {
    aud: audience,
    exp: iat + PROOF_SECONDS,
    iat,
    iss: device.device,
    jti: base32Id(randomBytes(16)),
    sub: device.device,
  };
  return signedBy(device, 'chartkey-release+jwt', claims);
}

export interface ProofsParts {
  devices: Devices;
  checks: SignatureChecks;
  /** milliseconds since 1970 */
  now: () => number;
}

/** Checks who asks for a release. A proof works once. */
export class Proofs {
  private readonly replays: Replays;

  constructor(private readonly parts: ProofsParts) {
    this.replays = new Replays(parts.now);
  }

  /**
   * The approved device that made this proof for this URL.
   * @throws Failure RELEASE_PROOF_INVALID; TOO_MANY_REQUESTS when it makes more than can be told apart;
   * LEDGER_DISAGREES, LEDGER_UNAVAILABLE, BUSY
   */
  async check(proof: string, audience: string): Promise<ApprovedDevice> {
    const { algorithm, claims, signed, signature } = read(proof);
    const seconds = this.parts.now() / 1000;
    const lifetime = claims.exp - claims.iat;
    const timely = claims.iat - SKEW_SECONDS <= seconds && seconds <= claims.exp;
    if (claims.aud !== audience || lifetime <= 0 || lifetime > PROOF_SECONDS || !timely) throw invalid();
    const device = await this.deviceOf(claims.iss);
    const own = algorithmOf(device.sig);
    if (algorithm !== own || !this.parts.checks.verifies(own, device.sig, signed, signature)) throw invalid();
    // Only what a device really signed is remembered, so nobody else can fill its memory.
    if (!this.replays.firstUse(device.device, claims.jti, claims.exp * 1000)) throw invalid();
    return device;
  }

  private async deviceOf(thumbprint: string): Promise<ApprovedDevice> {
    try {
      return await this.parts.devices.approved(thumbprint);
    } catch (error) {
      const unfit = ['DEVICE_UNKNOWN', 'DEVICE_REVOKED', 'DEVICE_EXPIRED'];
      throw error instanceof Failure && unfit.includes(error.code) ? invalid() : error;
    }
  }
}

function read(proof: string) {
  try {
    if (proof.length > MOST_BYTES) throw new SyntaxError('too long');
    const { header, payload, signingInput: signed, signature } = parseCompactJws(proof);
    const { alg, kid } = Header.parse(parseUnambiguous(header));
    const claims = Claims.parse(parseUnambiguous(payload));
    if (kid !== claims.iss || claims.iss !== claims.sub) throw new SyntaxError('two issuers');
    return { algorithm: alg, claims, signed, signature };
  } catch {
    throw invalid();
  }
}

const invalid = () => new Failure('RELEASE_PROOF_INVALID');
