import { existsSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { issueCertificate, makeAuthority } from '../certificates.ts';
import { isCareMember, type Member } from '../consortium.ts';
import { writeDurably } from '../durable-file.ts';
import { readCredential } from '../identities.ts';
import { type CareNode, type FabricPlan, type NodeKind, ordererDomain, peerDomain } from './plan.ts';
import { type Programs, runProgram } from './programs.ts';

/** Names in a node's TLS certificate: its own, and those that it calls itself by. */
const namesOf = ({ places }: FabricPlan, kind: NodeKind, member: Member) => [
  ...new Set(['localhost', '127.0.0.1', places.host(kind, member)]),
];

/** cryptogen's input. It is YAML there; JSON is YAML too. */
export function cryptoConfig(plan: FabricPlan): object {
  const { consortium } = plan;
  const care = consortium.members.filter(isCareMember);
  return {
    OrdererOrgs: care.map((member) => ({
      Name: `${member.label}-orderer`,
      Domain: ordererDomain(member),
      EnableNodeOUs: true,
      Specs: [{ Hostname: 'node0', SANS: namesOf(plan, 'orderer', member) }],
    })),
    PeerOrgs: consortium.members.map((member) => ({
      Name: member.label,
      Domain: peerDomain(member),
      EnableNodeOUs: true,
      Users: { Count: 1 },
      ...(isCareMember(member) && { Specs: [{ Hostname: 'peer0', SANS: namesOf(plan, 'peer', member) }] }),
    })),
  };
}

/** Makes keys and certificates of every node, administrator and gateway, all or nothing; keeps what is there. */
export async function makeCrypto(plan: FabricPlan, programs: Programs): Promise<void> {
  const folder = plan.path('crypto');
  if (!existsSync(folder)) {
    const unfinished = plan.path('crypto.unfinished');
    rmSync(unfinished, { recursive: true, force: true });
    const config = plan.path('crypto-config.yaml');
    writeDurably(config, `${JSON.stringify(cryptoConfig(plan), null, 2)}\n`, 0o600);
    await runProgram(
      programs.path.cryptogen,
      ['generate', `--config=${config}`, `--output=${unfinished}`],
      {},
    );
    renameSync(unfinished, folder);
  }
  for (const node of plan.nodes) await makeChaincodeTls(plan, node);
}

/** Peer and chaincode know each other by certificates of an authority that serves nothing else. */
async function makeChaincodeTls(plan: FabricPlan, { member }: CareNode): Promise<void> {
  const files = (['ca', 'server', 'client'] as const).map((whose) => plan.chaincodeTls(member, whose));
  if (files.every((one) => readCredential(one) !== undefined)) return;
  const authority = await makeAuthority(`chaincode.${member.label}`, member.name);
  const issue = (commonName: string, hosts: string[]) =>
    issueCertificate(authority, { commonName, organisation: member.name, hosts });
  const names = namesOf(plan, 'chaincode', member);
  const made = [authority, await issue('localhost', names), await issue(`peer0.${member.label}`, [])];
  for (const [at, { certificate, privateKey }] of made.entries()) {
    writeDurably(files[at]!.privateKey, privateKey, 0o600);
    writeDurably(files[at]!.certificate, certificate, 0o644);
  }
}

/** The first certificate in a cryptogen folder. */
export const signCertificate = (folder: string, name: string) =>
  join(folder, 'msp', 'signcerts', `${name}-cert.pem`);
