import { join } from 'node:path';
import { type Consortium, DEMO_CONSORTIUM, isCareMember } from './consortium.ts';

/** Paths of a PEM certificate and of its PEM private key. */
export interface CredentialFiles {
  readonly certificate: string;
  readonly privateKey: string;
}

export interface OrganisationFiles {
  readonly authority: CredentialFiles;
  /** The gateway's Fabric client identity (OU=client). */
  readonly client: CredentialFiles;
  /** The peer's endorsing identity (OU=peer); care members only. */
  readonly peer?: CredentialFiles;
}

/** Where the demo network's crypto material lies under its data folder. */
export interface IdentityFiles {
  readonly organisations: ReadonlyMap<string, OrganisationFiles>;
  readonly tlsAuthority: CredentialFiles;
  readonly tlsServer: CredentialFiles;
  readonly ordererAuthority: CredentialFiles;
  readonly orderer: CredentialFiles;
}

/** The layout alone, without touching the disk. */
export function identityFiles(dataDir: string, consortium: Consortium = DEMO_CONSORTIUM): IdentityFiles {
  const ledger = join(dataDir, 'ledger');
  const organisations = consortium.members.map((member): [string, OrganisationFiles] => {
    const identity = join(dataDir, 'organisations', member.id, 'identity');
    const files = { authority: credentialFiles(identity, 'ca'), client: credentialFiles(identity, 'client') };
    if (!isCareMember(member)) return [member.id, files];
    return [member.id, { ...files, peer: credentialFiles(join(ledger, 'peers', member.id), 'peer') }];
  });
  return {
    organisations: new Map(organisations),
    tlsAuthority: credentialFiles(join(ledger, 'tls'), 'ca'),
    tlsServer: credentialFiles(join(ledger, 'tls'), 'server'),
    ordererAuthority: credentialFiles(join(ledger, 'orderer'), 'ca'),
    orderer: credentialFiles(join(ledger, 'orderer'), 'orderer'),
  };
}

/** A pair’s usual names in a folder. */
export function credentialFiles(folder: string, name: string): CredentialFiles {
  return { certificate: join(folder, `${name}.crt`), privateKey: join(folder, `${name}.key`) };
}
