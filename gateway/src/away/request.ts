import type { ApprovedDevice, SignatureChecks } from '@chartkey/rules';
import {
  algorithmOf,
  Failure,
  LateRequest,
  LateRequestHeader,
  parseCompactJws,
  parseUnambiguous,
} from '@chartkey/vocabulary';
import type { Devices } from '../release/devices.ts';
import { Replays } from '../release/replays.ts';

/** Seconds that a signed request lives at most, and that its clock may be ahead. */
const REQUEST_SECONDS = 60;
const SKEW_SECONDS = 30;

export interface RequestsParts {
  network: string;
  organisation: string;
  devices: Pick<Devices, 'approved'>;
  checks: SignatureChecks;
  now: () => number;
}

/** Who asks while there are no sessions: an approved device of this organisation, by its own signature, once. */
export class Requests {
  private readonly replays: Replays;

  constructor(private readonly parts: RequestsParts) {
    this.replays = new Replays(parts.now);
  }

  /** @throws Failure REQUEST_PROOF_INVALID, DEVICE_REVOKED, DEVICE_EXPIRED, LEDGER_UNAVAILABLE for an unknown one */
  async check(compact: string): Promise<{ device: ApprovedDevice; request: LateRequest }> {
    const { network, organisation, devices, checks, now } = this.parts;
    const invalid = new Failure('REQUEST_PROOF_INVALID');
    const { header, request, signingInput, signature } = read(compact, invalid);
    const seconds = now() / 1000;
    const { iat, exp, aud, jti } = request;
    const isTimely =
      exp > iat && exp - iat <= REQUEST_SECONDS && iat - SKEW_SECONDS <= seconds && seconds <= exp;
    if (aud !== network || !isTimely) throw invalid;
    const device = await devices.approved(header.kid);
    const own = algorithmOf(device.sig);
    const isSigned = header.alg === own && checks.verifies(own, device.sig, signingInput, signature);
    if (device.organisation !== organisation || !isSigned) throw invalid;
    if (!this.replays.firstUse(device.device, jti, exp * 1000)) throw invalid;
    return { device, request };
  }
}

function read(compact: string, invalid: Failure) {
  try {
    const { header, payload, signingInput, signature } = parseCompactJws(compact);
    return {
      header: LateRequestHeader.parse(parseUnambiguous(header)),
      request: LateRequest.parse(parseUnambiguous(payload)),
      signingInput,
      signature,
    };
  } catch {
    throw invalid;
  }
}
