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
  /** Fabric's node OU of the certificate; without exactly one of them the identity is worth nothing. */
  readonly role: string | undefined;
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

  /**
   * The member behind a serialised creator; undefined when it is unreadable or no member's authority made it.
   * Role and expiry are the caller's to check, as they are in Fabric.
   */
  find(creator: Uint8Array): Identity | undefined {
    const key = Buffer.from(creator.buffer, creator.byteOffset, creator.byteLength).toString('latin1');
    const known = this.#known.get(key);
    if (known) return known;
    const identity = this.#check(creator);
    if (!identity) return undefined;
    if (this.#known.size >= REMEMBERED) this.#known.delete(this.#known.keys().next().value!);
    this.#known.set(key, identity);
    return identity;
  }

  #check(creator: Uint8Array): Identity | undefined {
    const { mspId, certificate } = parseCreator(creator) ?? {};
    const authority = mspId === undefined ? undefined : this.#authorities.get(mspId);
    if (!mspId || !certificate || !authority) return undefined;
    const issued =
      certificate.checkIssued(authority.certificate) &&
      certificate.verify(authority.certificate.publicKey) &&
      // Fabric follows the chain as of the certificate's first second.
      Date.parse(certificate.validFrom) + 1000 >= Date.parse(authority.certificate.validFrom);
    const curve = certificate.publicKey.asymmetricKeyDetails?.namedCurve;
    if (!issued || curve !== 'prime256v1') return undefined;
    return {
      mspId,
      care: authority.care,
      publicKey: certificate.publicKey,
      notAfter: Date.parse(certificate.validTo),
      role: certificate.ca ? undefined : role(certificate),
    };
  }
}

/** Whether `data` was signed by this identity, which has a role, with a low-s signature. */
export function signedBy(identity: Identity, data: Uint8Array, signature: Uint8Array): boolean {
  return identity.role !== undefined && verifyLowS(identity.publicKey, data, signature);
}

function parseCreator(creator: Uint8Array): { mspId: string; certificate: X509Certificate } | undefined {
  try {
    const serialised = msp.SerializedIdentity.deserializeBinary(creator);
    const certificate = new X509Certificate(serialised.getIdBytes_asU8());
    return { mspId: serialised.getMspid(), certificate };
  } catch {
    return undefined;
  }
}

function role(certificate: X509Certificate): string | undefined {
  const units = certificate.subject
    .split('\n')
    .map((line) => /^OU=(client|peer|admin|orderer)$/.exec(line)?.[1]);
  const [only, ...more] = units.filter((unit) => unit !== undefined);
  return more.length === 0 ? only : undefined;
}
