import { existsSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { isCareMember, type Member, ordererMspId } from '../consortium.ts';
import { writeDurably } from '../durable-file.ts';
import { signCertificate } from './crypto.ts';
import { type FabricPlan, ordererDomain } from './plan.ts';
import { type Programs, runProgram } from './programs.ts';

const PROFILE = 'Records';
const CARE_READERS = '/Channel/Application/CareReaders';

const signature = (Rule: string) => ({ Type: 'Signature', Rule });
const meta = (Rule: string) => ({ Type: 'ImplicitMeta', Rule });
const roles = (mspIds: string[], role: string) => mspIds.map((id) => `'${id}.${role}'`).join(', ');

/**
 * configtxgen's input: who orders, who endorses, who reads, how soon a dead leader is noticed. Why each
 * policy is what it is: docs/adr/0009.
 */
export function channelConfig(plan: FabricPlan): object {
  const care = plan.nodes.map(({ member }) => member);
  const careIds = care.map(({ id }) => id);
  const orderers = care.map(ordererMspId);
  const quorum = plan.consortium.endorsementsRequired;
  const outOf = (mspIds: string[], role: string) => signature(`OutOf(${quorum}, ${roles(mspIds, role)})`);
  return {
    Profiles: {
      [PROFILE]: {
        Policies: {
          // Orderers serve blocks to these: third parties are not among them.
          Readers: signature(`OR(${roles([...careIds, ...orderers], 'member')})`),
          Writers: meta('ANY Writers'),
          Admins: outOf(careIds, 'admin'),
        },
        Capabilities: { V3_0: true },
        Orderer: {
          ...ordering(plan),
          Organizations: plan.nodes.map(({ member }) => ({
            Name: ordererMspId(member),
            ID: ordererMspId(member),
            MSPDir: join(plan.ordererOrganisation(member), 'msp'),
            OrdererEndpoints: [plan.address('orderer', member)],
            Policies: organisationPolicies(ordererMspId(member)),
          })),
          Policies: {
            Readers: meta('ANY Readers'),
            Writers: meta('ANY Writers'),
            Admins: outOf(orderers, 'admin'),
            BlockValidation: meta('ANY Writers'),
          },
          Capabilities: { V2_0: true },
        },
        Application: {
          Organizations: plan.consortium.members.map((member) => application(plan, member)),
          ACLs: accessLists,
          Policies: {
            Readers: meta('ANY Readers'),
            Writers: meta('ANY Writers'),
            Admins: outOf(careIds, 'admin'),
            Endorsement: outOf(careIds, 'peer'),
            LifecycleEndorsement: outOf(careIds, 'peer'),
            CareReaders: signature(`OR(${roles(careIds, 'member')})`),
          },
          Capabilities: { V2_5: true },
        },
      },
    },
  };
}

/** Whatever hands out blocks, or what stands in them. */
const accessLists = Object.fromEntries(
  [
    'event/Block',
    'event/FilteredBlock',
    'gateway/ChaincodeEvents',
    ...['GetChainInfo', 'GetBlockByNumber', 'GetBlockByHash', 'GetTransactionByID', 'GetBlockByTxID'].map(
      (query) => `qscc/${query}`,
    ),
  ].map((resource) => [resource, CARE_READERS]),
);

function ordering(plan: FabricPlan) {
  return {
    OrdererType: 'BFT',
    BatchTimeout: '20ms',
    BatchSize: { MaxMessageCount: 200, AbsoluteMaxBytes: '10 MB', PreferredMaxBytes: '2 MB' },
    // With these a dead leader is replaced in about 2.5 s; with Fabric's samples it takes 22 s.
    SmartBFT: {
      RequestBatchMaxInterval: '20ms',
      RequestForwardTimeout: '500ms',
      RequestComplainTimeout: '2s',
      RequestAutoRemoveTimeout: '3m0s',
      ViewChangeResendInterval: '1s',
      ViewChangeTimeout: '5s',
      LeaderHeartbeatTimeout: '5s',
      CollectTimeout: '1s',
      IncomingMessageBufferSize: 200,
      RequestPoolSize: 100_000,
      LeaderHeartbeatCount: 10,
    },
    ConsenterMapping: plan.nodes.map(({ member, ports }, position) => {
      const folder = plan.ordererFolder(member);
      return {
        ID: position + 1,
        Host: plan.places.host('orderer', member),
        Port: ports.orderer,
        MSPID: ordererMspId(member),
        Identity: signCertificate(folder, `node0.${ordererDomain(member)}`),
        ClientTLSCert: join(folder, 'tls', 'server.crt'),
        ServerTLSCert: join(folder, 'tls', 'server.crt'),
      };
    }),
  };
}

function application(plan: FabricPlan, member: Member): object {
  const node = plan.nodes.find((one) => one.member === member);
  return {
    Name: member.id,
    ID: member.id,
    MSPDir: join(plan.peerOrganisation(member), 'msp'),
    Policies: { ...organisationPolicies(member.id), Endorsement: signature(`OR('${member.id}.peer')`) },
    ...(node &&
      isCareMember(member) && {
        AnchorPeers: [{ Host: plan.places.host('peer', member), Port: node.ports.peer }],
      }),
  };
}

function organisationPolicies(id: string) {
  return {
    Readers: signature(`OR('${id}.member')`),
    Writers: signature(`OR('${id}.member')`),
    Admins: signature(`OR('${id}.admin')`),
  };
}

/** Makes the channel's first block; keeps one that is there. @returns its path */
export async function makeChannel(plan: FabricPlan, programs: Programs): Promise<string> {
  const block = plan.path(`${plan.consortium.channel}.block`);
  if (existsSync(block)) return block;
  writeDurably(plan.path('configtx.yaml'), `${JSON.stringify(channelConfig(plan), null, 2)}\n`, 0o600);
  const words = ['-configPath', plan.path(), '-profile', PROFILE, '-channelID', plan.consortium.channel];
  await runProgram(programs.path.configtxgen, [...words, '-outputBlock', `${block}.unfinished`], {});
  renameSync(`${block}.unfinished`, block);
  return block;
}
