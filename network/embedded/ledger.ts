import { createPrivateKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { credentials } from '@grpc/grpc-js';
import { msp } from '@hyperledger/fabric-protos';
import {
  type Consortium,
  careMembers,
  DEMO_CONSORTIUM,
  isCareMember,
  ordererMspId,
  servedBy,
} from '../consortium.ts';
import { makeIdentities } from '../identities.ts';
import type { CredentialFiles, IdentityFiles } from '../identity-files.ts';
import { Chain } from './chain.ts';
import { ChaincodeConnection } from './chaincode-connection.ts';
import { Committer } from './committer.ts';
import { EndorsementService } from './endorsement-service.ts';
import { Endorser, type EndorsingPeer } from './endorser.ts';
import { makeGenesisBlock } from './genesis.ts';
import { type ChannelMember, Membership } from './membership.ts';
import { addServices, bind, newServer } from './server.ts';

/** Paths of PEM files for TLS to the chaincode: its root, and our own pair when it asks for one. */
export interface ChaincodeTls {
  readonly rootCertificate: string;
  readonly client?: CredentialFiles;
}

export interface LedgerOptions {
  /** The demo network's data folder; blocks and state go to `ledger/` in it. */
  readonly dataDir: string;
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** 0 picks a free port. */
  readonly port: number;
  /** host:port of the chaincode's gRPC server. */
  readonly chaincodeAddress: string;
  readonly chaincodeTls?: ChaincodeTls;
  /** Default: the demo consortium. */
  readonly consortium?: Consortium;
  /** MSP ids of the care members whose peers are up. Default: all. */
  readonly endorsingPeers?: readonly string[];
  /** Default: standard error. */
  readonly log?: (line: string) => void;
}

/** A running embedded ledger. */
export interface Ledger {
  /** host:port of the gRPC endpoint. */
  readonly address: string;
  readonly port: number;
  /** Path of the PEM root certificate of the endpoint. */
  readonly tlsRootCertificate: string;
  /** Paths of every member's crypto material. */
  readonly identities: IdentityFiles;
  readonly height: number;
  readonly chaincodeConnected: boolean;
  /** Resolves when the chaincode has registered. */
  chaincodeReady(): Promise<void>;
  /** Commits what is queued, closes calls and files. */
  stop(): Promise<void>;
}

/** Said at every start. */
export const NOTICE =
  'embedded ledger: one process, no consensus, every key in one folder; for laptops and tests, never for patients';

/** Starts the stand-in. @throws an Error with one line for the operator when folder or port cannot be had. */
export async function startLedger(options: LedgerOptions): Promise<Ledger> {
  const { dataDir, consortium = DEMO_CONSORTIUM } = options;
  const log = options.log ?? ((line: string) => process.stderr.write(`${line}\n`));
  const identities = await makeIdentities(dataDir, consortium).catch((error: Error) => {
    throw new Error(`the data folder ${dataDir} cannot be used: ${error.message}`);
  });
  const members = channelMembers(consortium, identities);
  const membership = new Membership(members);
  const orderer = endorsingIdentity('OrdererMSP', identities.orderer);
  const chain = await openChain(join(dataDir, 'ledger'), consortium, members, orderer);
  const rules = {
    channel: consortium.channel,
    chaincode: consortium.chaincode,
    membership,
    endorsementsRequired: consortium.endorsementsRequired,
  };
  const server = newServer();
  const host = options.host ?? '127.0.0.1';
  const port = await bind(
    server,
    `${host}:${options.port}`,
    readFileSync(identities.tlsServer.certificate),
    readFileSync(identities.tlsServer.privateKey),
  ).catch(async () => {
    await chain.close();
    throw new Error(`port ${options.port} on ${host} cannot be had: is something else listening there?`);
  });
  const address = `${host}:${port}`;
  const connection = connectChaincode(options, log);
  const committer = new Committer(chain, rules, orderer, log);
  const peers = endorsingPeers(consortium, identities, options.endorsingPeers);
  const endorser = new Endorser(membership, chain, connection.chaincode);
  const serving = (mspId: string) => servedBy(consortium, mspId).id;
  const endorsement = new EndorsementService({ rules, endorser, peers, servedBy: serving, address });
  const orderers = careMembers(consortium).map(ordererMspId);
  addServices(server, { rules, endorsement, committer, chain, orderers, address });
  log(NOTICE);
  return {
    address,
    port,
    tlsRootCertificate: identities.tlsAuthority.certificate,
    identities,
    get height() {
      return chain.height;
    },
    get chaincodeConnected() {
      return connection.chaincode.connected;
    },
    chaincodeReady: () => connection.ready,
    stop: async () => {
      await committer.stop();
      // One turn of the event loop, so that the last commits are still told to those who wait.
      await new Promise(setImmediate);
      server.forceShutdown();
      connection.chaincode.stop();
      await chain.close();
    },
  };
}

async function openChain(
  folder: string,
  consortium: Consortium,
  members: readonly ChannelMember[],
  orderer: EndorsingPeer,
): Promise<Chain> {
  try {
    return await Chain.open(folder, makeGenesisBlock(consortium.channel, members, orderer));
  } catch (error) {
    const { code, message } = error as Error & { code?: string };
    if (code === 'LEVEL_LOCKED') throw new Error(`another ledger process is using ${folder}: stop it first`);
    throw new Error(`the ledger cannot open ${folder}: ${message}`);
  }
}

function connectChaincode(options: LedgerOptions, log: (line: string) => void) {
  const tls = options.chaincodeTls;
  const channelCredentials = tls
    ? credentials.createSsl(
        readFileSync(tls.rootCertificate),
        tls.client ? readFileSync(tls.client.privateKey) : null,
        tls.client ? readFileSync(tls.client.certificate) : null,
      )
    : credentials.createInsecure();
  const { promise: ready, resolve } = Promise.withResolvers<void>();
  const target = { address: options.chaincodeAddress, credentials: channelCredentials };
  const chaincode = new ChaincodeConnection(target, (connected) => {
    log(`chaincode at ${options.chaincodeAddress} ${connected ? 'registered' : 'is gone'}`);
    if (connected) resolve();
  });
  chaincode.start();
  return { chaincode, ready };
}

function channelMembers(consortium: Consortium, identities: IdentityFiles): ChannelMember[] {
  return consortium.members.map((member) => ({
    mspId: member.id,
    authority: readFileSync(identities.organisations.get(member.id)!.authority.certificate, 'utf8'),
    care: isCareMember(member),
  }));
}

function endorsingPeers(
  consortium: Consortium,
  identities: IdentityFiles,
  up: readonly string[] | undefined,
): EndorsingPeer[] {
  const running = careMembers(consortium).filter((member) => up?.includes(member.id) ?? true);
  return running.map(({ id }) => endorsingIdentity(id, identities.organisations.get(id)!.peer!));
}

function endorsingIdentity(mspId: string, files: CredentialFiles): EndorsingPeer {
  const identity = new msp.SerializedIdentity();
  identity.setMspid(mspId);
  identity.setIdBytes(readFileSync(files.certificate));
  return {
    mspId,
    creator: identity.serializeBinary(),
    key: createPrivateKey(readFileSync(files.privateKey)),
  };
}
