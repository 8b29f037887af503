import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { connectLedger, type Ledger } from '@chartkey/gateway';
import type { LedgerKind } from '@chartkey/vocabulary';
import { DEMO_CONSORTIUM, demoPorts, servedBy } from './consortium.ts';
import { FabricPlan, onOneMachine } from './fabric/plan.ts';
import { identityFiles } from './identity-files.ts';

/** How an organisation reaches its peer and who it is there; paths are of PEM files. */
export interface LedgerAccess {
  /** host:port */
  readonly endpoint: string;
  readonly tlsRoot: string;
  readonly serverName: string;
  /** MSP id of the peer's organisation */
  readonly peerOrganisation: string;
  readonly certificate: string;
  readonly privateKey: string;
}

/** Says in a data folder which network was founded there; written last, so its presence means it is whole. */
export interface FoundedLedger {
  readonly ledger: LedgerKind;
  readonly network: string;
  readonly portBase: number;
}

/** What was founded in a data folder; undefined when nothing was. */
export function foundedIn(dataDir: string): FoundedLedger | undefined {
  const file = foundedFile(dataDir);
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as FoundedLedger) : undefined;
}

export const foundedFile = (dataDir: string) => join(dataDir, 'ledger.json');

export function embeddedAccess(dataDir: string, portBase: number, organisation: string): LedgerAccess {
  const files = identityFiles(dataDir);
  return {
    endpoint: `127.0.0.1:${demoPorts(portBase).ledger}`,
    tlsRoot: files.tlsAuthority.certificate,
    serverName: 'localhost',
    peerOrganisation: servedBy(DEMO_CONSORTIUM, organisation).id,
    ...files.organisations.get(organisation)!.client,
  };
}

/** The access of an organisation to the network that was founded in a data folder, whichever kind it is. */
export function ledgerAccess(dataDir: string, organisation: string): LedgerAccess {
  const { ledger, portBase } = JSON.parse(readFileSync(foundedFile(dataDir), 'utf8')) as FoundedLedger;
  if (ledger === 'embedded') return embeddedAccess(dataDir, portBase, organisation);
  return new FabricPlan(dataDir, DEMO_CONSORTIUM, onOneMachine(portBase)).access(organisation);
}

/** The settings by which an organisation's gateway finds its peer and who it is there. */
export function ledgerSettings(organisation: string, access: LedgerAccess) {
  return {
    ORGANISATION: organisation,
    LEDGER_ENDPOINT: access.endpoint,
    LEDGER_TLS_ROOT: access.tlsRoot,
    LEDGER_SERVER_NAME: access.serverName,
    LEDGER_PEER_ORGANISATION: access.peerOrganisation,
    IDENTITY_CERTIFICATE: access.certificate,
    IDENTITY_KEY: access.privateKey,
  };
}

/** A connection in an organisation's name. */
export function connectTo(access: LedgerAccess, organisation: string): Ledger {
  const { channel, chaincode } = DEMO_CONSORTIUM;
  return connectLedger({
    endpoint: access.endpoint,
    tlsRoot: readFileSync(access.tlsRoot),
    serverName: access.serverName,
    mspId: organisation,
    peerOrganisation: access.peerOrganisation,
    certificate: readFileSync(access.certificate, 'utf8'),
    privateKey: readFileSync(access.privateKey, 'utf8'),
    channel,
    chaincode,
  });
}
