import { type EndToEndRead, Failure, type SealedRelease } from '@chartkey/vocabulary';
import type { ByteRange, SealedBytes } from '../gateway.ts';
import type { Claims } from './claims.ts';
import type { Custodian } from './custodian.ts';
import type { CustodianGateways } from './custodian-gateways.ts';
import type { Claim } from './entitlement.ts';
import type { GatewayDevice } from './gateway-device.ts';
import type { Sealed } from './sealed.ts';

export interface EndToEndParts {
  /** this organisation */
  organisation: string;
  /** this gateway's own device: it asks, the reader's key opens */
  device: GatewayDevice;
  claims: Claims;
  custodian: Custodian;
  custodians: CustodianGateways;
  sealed: Sealed;
}

/** An access of ours, and the session that made it. */
export interface OwnAccess {
  access: string;
  session: string;
}

/**
 * Hands on what is released for a reader alone, our own records included. Header, key and bytes are sealed:
 * nothing is opened or checked here, the reader does both.
 */
export class EndToEnd {
  constructor(private readonly parts: EndToEndParts) {}

  /**
   * Has a granted access released for its reader. The same access again while it is younger than 30 s.
   * @throws Failure RELEASE_REFUSED when the session did not make it, or it is not for a reader alone;
   * ACCESS_TOO_OLD, SESSION_EXPIRED, CUSTODIAN_UNAVAILABLE {organisation}, the code of a denial
   */
  async release(own: OwnAccess): Promise<EndToEndRead> {
    const claim = await this.claim(own);
    const { record, version, patient } = claim.entry;
    const { custodian, commitment } = claim;
    const released = await this.released(claim);
    return { ...released, record, version, patient, custodian, commitment };
  }

  /**
   * Sealed bytes of such an access, until its session ends.
   * @throws Failure RANGE_NOT_SATISFIABLE {length}, and as `release`
   */
  async sealed(own: OwnAccess, range: ByteRange | undefined): Promise<SealedBytes> {
    const { organisation, device, sealed, custodians } = this.parts;
    const { custodian } = await this.claim(own);
    if (custodian === organisation) return sealed.of(own.access, device.device, range);
    return custodians.of(custodian).sealedFor(own.access, range);
  }

  private async released({ entry, custodian }: Claim): Promise<SealedRelease> {
    const { access } = entry;
    const { organisation, device } = this.parts;
    if (custodian === organisation) {
      return this.parts.custodian.releaseToReader({ access, recipientDevice: device.device });
    }
    const answer = await this.parts.custodians.of(custodian).release(access);
    if ('sealedHeader' in answer) return answer;
    throw new Failure('CUSTODIAN_UNAVAILABLE', { organisation: custodian });
  }

  private async claim({ access, session }: OwnAccess): Promise<Claim> {
    const claim = await this.parts.claims.of(access);
    const { entry } = claim;
    if (entry.session !== session || entry.recipient === undefined) {
      throw new Failure('RELEASE_REFUSED', { access });
    }
    return claim;
  }
}
