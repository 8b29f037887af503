import { denials, readRequest } from '@chartkey/rules';
import { type EndToEndRead, Failure, Refused } from '@chartkey/vocabulary';
import type { ByteRange, Caller, SealedBytes } from '../gateway.ts';
import type { ReleaseRoom } from '../release/index.ts';
import type { Asking } from './asking.ts';

export interface EndToEndReadsParts {
  asking: Pick<Asking, 'ask'>;
  /** undefined for a third party, which keeps and passes on no records */
  releases: Pick<ReleaseRoom, 'releaseToReader' | 'sealedToReader'> | undefined;
}

/** Reads that the reader signs and opens by itself: this gateway asks, and passes on what it cannot open. */
export class EndToEndReads {
  constructor(private readonly parts: EndToEndReadsParts) {}

  /**
   * Asks for the read that is signed, in the session of who signed it. The same request again is the same
   * access, while that is younger than 30 s.
   * @throws Refused the ledger's denial; Failure REQUEST_PROOF_INVALID, RECORD_UNKNOWN, ACCESS_TOO_OLD,
   * RELEASE_REFUSED, NOT_SERVED_HERE, CUSTODIAN_UNAVAILABLE {organisation}, and the ledger's
   */
  async read({ session: { session, id, subject } }: Caller, request: string): Promise<EndToEndRead> {
    const { claims } = readRequest(request);
    if (claims.session !== session) throw new Failure('REQUEST_PROOF_INVALID');
    // A device's denial belongs on the ledger; for a person there is nothing to deny, only nothing here.
    if (!this.parts.releases && subject === 'patient') throw new Failure('NOT_SERVED_HERE');
    const { record, version, purpose } = claims;
    const named = version === undefined ? {} : { version };
    const item = { kind: 'read' as const, session, record, purpose, request, ...named };
    const { access } = await this.parts.asking.ask({ item, device: id });
    try {
      if (!this.parts.releases) throw new Failure('RELEASE_REFUSED');
      return await this.parts.releases.releaseToReader({ access, session });
    } catch (error) {
      // Taken back since it was granted: another signature would be denied, with an entry of its own.
      if (error instanceof Failure && denials.includes(error.code)) throw new Refused(error.code, access);
      throw error;
    }
  }

  /** Sealed bytes of such an access, for the session that made it. @throws Failure as `read`; RANGE_NOT_SATISFIABLE */
  async sealed(
    { session: { session } }: Caller,
    access: string,
    range: ByteRange | undefined,
  ): Promise<SealedBytes> {
    if (!this.parts.releases) throw new Failure('RELEASE_REFUSED', { access });
    return this.parts.releases.sealedToReader({ access, session }, range);
  }
}
