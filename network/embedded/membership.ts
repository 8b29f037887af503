import { type KeyObject, X509Certificate } from 'node:crypto';
import { msp } from '@hyperledger/fabric-protos';
import { verifyLowS } from './signature.ts';

/** A member of the channel as the ledger knows it. */
export interface ChannelMember {
  readonly mspId: string;
  /** PEM of the organisation's root certificate. */
  readonly authority: string;
  /** Care members hold blocks and endorse; others may only evaluate, endorse, submit and ask for a status. */
  readonly care: boolean;
}

/** A certificate that chains to a member's authority. */
export interface Identity {
  readonly mspId: string;
  readonly care: boolean;
  readonly publicKey: KeyObject;
  /** Milliseconds since the epoch. */
  readonly notAfter: number;
  /** Fabric's node OUs of the certificate: `client`, `peer`, `admin`, `orderer`. */
  readonly roles: ReadonlySet<string>;
}

/** Why a creator is not an identity: `unknown` (no such member, unreadable) or `invalid` (does not chain). */
export class IdentityFailure extends Error {
  readonly mspId: string | undefined;

  constructor(message: string, mspId?: string) {
    super(message);
    this.mspId = mspId;
  }
}

const REMEMBERED = 1000;

/** Fabric's MSP, reduced: one root per member, node OUs on, P-256 keys, no intermediate authorities, no CRLs. */
export class Membership {
  readonly #authorities = new Map<string, { certificate: X509Certificate; care: boolean }>();
  readonly #known = new Map<string, Identity>();

  constructor(members: readonly ChannelMember[]) {
    for (const { mspId, authority, care } of members) {
      this.#authorities.set(mspId, { certificate: new X509Certificate(authority), care });
    }
  }

  /** The identity behind a serialised creator. Expiry is the caller's to check, as it is in Fabric. */
  identify(creator: Uint8Array): Identity {
    const key = Buffer.from(creator.buffer, creator.byteOffset, creator.byteLength).toString('latin1');
    const known = this.#known.get(key);
    if (known) return known;
    const identity = this.#check(creator);
    if (this.#known.size >= REMEMBERED) this.#known.delete(this.#known.keys().next().value!);
    this.#known.set(key, identity);
    return identity;
  }

  /** The identity behind a creator; undefined when there is none. */
  find(creator: Uint8Array): Identity | undefined {
    try {
      return this.identify(creator);
    } catch (error) {
      if (error instanceof IdentityFailure) return undefined;
      throw error;
    }
  }

  #check(creator: Uint8Array): Identity {
    const { mspId, certificate } = parseCreator(creator);
    const authority = this.#authorities.get(mspId);
    if (!authority) throw new IdentityFailure(`MSP ${mspId} is unknown`);
    const issued =
      certificate.checkIssued(authority.certificate) && certificate.verify(authority.certificate.publicKey);
    if (!issued || certificate.ca) {
      throw new IdentityFailure('the supplied identity is not valid: unknown authority', mspId);
    }
    if (certificate.publicKey.asymmetricKeyDetails?.namedCurve !== 'prime256v1') {
      throw new IdentityFailure('the supplied identity is not valid: not a P-256 key', mspId);
    }
    return {
      mspId,
      care: authority.care,
      publicKey: certificate.publicKey,
      notAfter: Date.parse(certificate.validTo),
      roles: organisationalUnits(certificate),
    };
  }
}

/** Fabric's Writers of an organisation: its clients and admins. */
export function isWriter(identity: Identity): boolean {
  return identity.roles.has('client') || identity.roles.has('admin');
}

/** Whether `data` was signed by this identity with a low-s signature. */
export function signedBy(identity: Identity, data: Uint8Array, signature: Uint8Array): boolean {
  return verifyLowS(identity.publicKey, data, signature);
}

function parseCreator(creator: Uint8Array): { mspId: string; certificate: X509Certificate } {
  try {
    const serialised = msp.SerializedIdentity.deserializeBinary(creator);
    const certificate = new X509Certificate(serialised.getIdBytes_asU8());
    return { mspId: serialised.getMspid(), certificate };
  } catch (cause) {
    throw new IdentityFailure(`creator is malformed: ${(cause as Error).message}`);
  }
}

function organisationalUnits(certificate: X509Certificate): Set<string> {
  const lines = certificate.subject.split('\n');
  return new Set(lines.filter((line) => line.startsWith('OU=')).map((line) => line.slice(3)));
}
