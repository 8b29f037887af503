import {
  canonicalJson,
  decodeBase64url,
  encodeBase64url,
  Failure,
  type Genesis,
  GenesisHeader,
  type Member,
  networkId,
  parseCanonical,
  parseCompactJws,
  type SignedGenesis,
  thumbprint,
  utf8Bytes,
} from '@chartkey/vocabulary';
import type { SignatureChecks } from './signature.ts';

/**
 * Checks that every member, and nobody else, signed the genesis document with its master key.
 * @returns the network id
 * @throws Failure INVALID_GENESIS
 */
export function checkGenesis(signed: SignedGenesis, checks: SignatureChecks): string {
  const { genesis, signatures } = signed;
  const isByMembersOnly = Object.keys(signatures).length === genesis.organisations.length;
  if (!isByMembersOnly || notSignedBy(signed, checks).length > 0) throw new Failure('INVALID_GENESIS');
  return networkId(genesis);
}

/** Ids of the members whose signature is missing, or is not one over this document by their master key. */
export function notSignedBy({ genesis, signatures }: SignedGenesis, checks: SignatureChecks): string[] {
  const content = encodeBase64url(utf8Bytes(canonicalJson(genesis)));
  const isSigned = (member: Member) => {
    const signature = signatures[member.id];
    return signature !== undefined && isSignedBy(member, signature, content, checks);
  };
  return genesis.organisations.filter((member) => !isSigned(member)).map(({ id }) => id);
}

function isSignedBy(member: Member, detached: string, content: string, checks: SignatureChecks): boolean {
  const [protectedHeader = '', , signature = ''] = detached.split('.');
  try {
    const jws = parseCompactJws(`${protectedHeader}.${content}.${signature}`);
    const header = GenesisHeader.parse(parseCanonical(jws.header));
    return (
      header.kid === thumbprint(member.masterKey) &&
      checks.isSound(member.masterKey) &&
      checks.verifies('ES256', member.masterKey, jws.signingInput, decodeBase64url(signature))
    );
  } catch {
    return false;
  }
}

/**
 * The member with this id.
 * @throws Failure ORGANISATION_UNKNOWN
 */
export function memberOf(genesis: Genesis, organisation: string): Member {
  const member = genesis.organisations.find((one) => one.id === organisation);
  if (!member) throw new Failure('ORGANISATION_UNKNOWN');
  return member;
}
