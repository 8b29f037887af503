import { X509Certificate } from 'node:crypto';
import { join } from 'node:path';
import type { Credential } from '../certificates.ts';
import type { Consortium, Member } from '../consortium.ts';
import { ensureAuthority, ensureIssued } from '../identities.ts';
import { type CredentialFiles, credentialFiles } from '../identity-files.ts';
import { authorityName } from './authority.ts';
import { gatewayAddress } from './places.ts';

/** A member's TLS: the root that others pin, what its gateway shows, and its certificate authority. */
export interface MemberTls {
  root: Credential;
  gateway: CredentialFiles;
  authority: CredentialFiles;
}

/** Makes a member's TLS certificates below the setup's folder; keeps what is there. */
export async function makeTls(home: string, consortium: Consortium, member: Member): Promise<MemberTls> {
  const folder = join(home, 'organisations', member.id, 'tls');
  const root = await ensureAuthority(credentialFiles(folder, 'root'), `tls.${member.label}`, member.name);
  const issue = async (name: string, more: string[]) => {
    const files = credentialFiles(folder, name);
    const hosts = [...more, name, 'localhost', '127.0.0.1'];
    await ensureIssued(files, root, { commonName: name, organisation: member.name, hosts });
    return files;
  };
  return {
    root,
    gateway: await issue(`gateway-${member.label}`, [gatewayAddress(member, consortium)]),
    authority: await issue(authorityName(member), []),
  };
}

/** As the genesis document has it: base64 DER. */
export const rootOf = ({ root }: MemberTls) => new X509Certificate(root.certificate).raw.toString('base64');
