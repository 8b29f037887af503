import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Consortium, DEMO_CONSORTIUM, type Member } from '../consortium.ts';
import { found, foundingFiles } from '../demo/founding.ts';
import { packagesOf } from '../fabric/chaincode-package.ts';
import { makeChannel } from '../fabric/channel.ts';
import { makeCrypto } from '../fabric/crypto.ts';
import { writeNodeConfigs } from '../fabric/node-config.ts';
import { type CareNode, FabricPlan, peerDomain } from '../fabric/plan.ts';
import type { Programs } from '../fabric/programs.ts';
import { authorityConfig, authorityName } from './authority.ts';
import { gatewayFiles, gatewayPlaces, nodePlaces } from './places.ts';
import { Secrets } from './secrets.ts';
import { fillPostgres, fillStore, storageSecrets } from './storage.ts';
import { type MemberTls, makeTls, rootOf } from './tls.ts';
import { Volume } from './volume.ts';

/** Where Fabric's peer image has the chaincode-as-a-service builder. */
const BUILDER = { ccaasBuilder: '/opt/hyperledger/ccaas_builder' };

/** The setup's own folder, and the folder of all volumes. */
export interface SetupFolders {
  home: string;
  volumes: string;
}

/**
 * Makes every key, certificate and setting of the consortium in the setup's folder, founds the network, and
 * gives each service what is its own. What is there already stays, so it may be killed and run again.
 */
export async function makeKeys(
  { home, volumes }: SetupFolders,
  programs: Programs,
  consortium: Consortium = DEMO_CONSORTIUM,
): Promise<void> {
  const plan = new FabricPlan(home, consortium, nodePlaces);
  await makeCrypto(plan, programs);
  await makeChannel(plan, programs);
  const tls = new Map<Member, MemberTls>();
  for (const member of consortium.members) tls.set(member, await makeTls(home, consortium, member));
  const rootsOf = (member: Member) => (member.gateway ? [rootOf(tls.get(member)!)] : undefined);
  found(home, gatewayPlaces(rootsOf), 'fabric', consortium);
  const roots = consortium.members.map((member) => tls.get(member)!.root.certificate).join('');
  new Volume(home).put(gatewayFiles.tlsRoots, roots);

  const volume = (name: string) => new Volume(join(volumes, name));
  const secrets = new Secrets(home);
  const packages = packagesOf(plan);
  for (const node of plan.nodes) {
    writeNodeConfigs(plan, node, BUILDER);
    const { label, id } = node.member;
    fillOrderer(volume(`orderer-${label}`), plan, node, home);
    fillPeer(volume(`peer-${label}`), plan, node, home);
    fillChaincode(volume(`chaincode-${label}`), plan, node, packages.get(id)!.id);
  }
  for (const member of consortium.members) {
    const own = tls.get(member)!;
    fillAuthority(volume(authorityName(member)), plan, member, own, secrets);
    if (!member.gateway) continue;
    const keys = volume(`gateway-${member.label}-keys`);
    fillGateway(keys, plan, member, own, home);
    for (const [path, text] of storageSecrets(member, secrets)) keys.put(path, text);
    keys.put(gatewayFiles.tlsRoots, roots);
    fillStore(volume(`store-${member.label}`), member, secrets);
  }
  fillPostgres(volume('postgres-keys'), consortium, secrets);
}

/** What an orderer reads, at the same paths as here. */
function fillOrderer(volume: Volume, plan: FabricPlan, { member }: CareNode, home: string): void {
  const others = plan.nodes.map((node) => join(plan.ordererFolder(node.member), 'tls', 'ca.crt'));
  const own = [plan.ordererFolder(member), plan.path('config', `orderer-${member.label}`)];
  for (const path of [...own, ...others]) volume.copy(path, path.slice(home.length));
}

function fillPeer(volume: Volume, plan: FabricPlan, { member }: CareNode, home: string): void {
  const own = [plan.peerFolder(member), plan.path('config', `peer-${member.label}`)];
  for (const path of own) volume.copy(path, path.slice(home.length));
}

function fillChaincode(volume: Volume, plan: FabricPlan, { member }: CareNode, packageId: string): void {
  const server = plan.chaincodeTls(member, 'server');
  volume.put('package-id', packageId);
  volume.copy(server.certificate, 'server.crt');
  volume.copy(server.privateKey, 'server.key');
  volume.copy(plan.chaincodeTls(member, 'ca').certificate, 'ca.crt');
}

function fillAuthority(
  volume: Volume,
  plan: FabricPlan,
  member: Member,
  { authority, root }: MemberTls,
  secrets: Secrets,
): void {
  const password = secrets.of(authorityName(member));
  const folder = join(plan.peerOrganisation(member), 'ca');
  const key = readdirSync(folder).find((leaf) => leaf.endsWith('_sk'))!;
  volume.put('fabric-ca-server-config.yaml', JSON.stringify(authorityConfig(member, password), null, 2));
  volume.copy(join(folder, `ca.${peerDomain(member)}-cert.pem`), 'ca.crt');
  volume.copy(join(folder, key), 'ca.key');
  volume.copy(authority.certificate, 'tls.crt');
  volume.copy(authority.privateKey, 'tls.key');
  volume.put('tls-root.crt', root.certificate);
}

function fillGateway(
  volume: Volume,
  plan: FabricPlan,
  member: Member,
  { gateway, root }: MemberTls,
  home: string,
): void {
  const access = plan.access(member.id);
  const files = foundingFiles(home);
  volume.copy(files.genesis, gatewayFiles.genesis);
  volume.copy(files.gatewayDevice(member.id), gatewayFiles.device);
  volume.copy(access.certificate, gatewayFiles.identityCertificate);
  volume.copy(access.privateKey, gatewayFiles.identityKey);
  volume.copy(access.tlsRoot, gatewayFiles.ledgerRoot);
  volume.put(gatewayFiles.tlsCertificate, `${readFileSync(gateway.certificate, 'utf8')}${root.certificate}`);
  volume.copy(gateway.privateKey, gatewayFiles.tlsKey);
}
