import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { randomId } from '@chartkey/client';
import { checkGenesis } from '@chartkey/rules';
import { nodeSignatureChecks } from '@chartkey/rules/node';
import {
  type Genesis,
  type Member as GenesisMember,
  type Kind,
  type LedgerKind,
  networkId,
  type Role,
  SignedGenesis,
} from '@chartkey/vocabulary';
import { type Consortium, DEMO_CONSORTIUM, demoPorts, type Member } from '../consortium.ts';
import { type FoundedLedger, foundedFile } from '../ledger-access.ts';
import { combineGenesis, draftGenesis, signGenesis } from '../member/genesis.ts';
import {
  type DeviceKeys,
  makeDeviceKeys,
  makeKey,
  type PrivateJwk,
  publicPart,
  writeJson,
} from '../member/keys.ts';

/** One organisation of `demo/credentials.json` (wire.md, "Demo credentials"). */
export interface DemoOrganisation {
  id: string;
  name: string;
  kind: string;
  url: string;
  tokenUrl: string;
  masterKey: PrivateJwk;
  ehr: DeviceKeys;
  /** whose own keys break glass, stand behind it, and review */
  practitioners: DemoPractitioner[];
}

/** A practitioner with a key of its own. */
export interface DemoPractitioner {
  key: PrivateJwk;
  practitioner: string;
  role: Role;
}

export interface DemoCredentials {
  network: string;
  channel: string;
  organisations: DemoOrganisation[];
}

/** Paths of what the founding writes, under the data folder. */
export function foundingFiles(dataDir: string) {
  return {
    /** port base and network id: written last, so its presence means the founding is whole */
    ledger: foundedFile(dataDir),
    genesis: join(dataDir, 'genesis.json'),
    credentials: join(dataDir, 'demo', 'credentials.json'),
    gatewayDevice: (organisation: string) =>
      join(dataDir, 'organisations', organisation, 'keys', 'gateway-device.json'),
    masterKey: (organisation: string) =>
      join(dataDir, 'organisations', organisation, 'keys', 'master-key.json'),
  };
}

export interface Founding {
  network: string;
  signed: SignedGenesis;
  credentials: DemoCredentials;
}

/** Where the gateways of a network answer; `demo` binds it to loopback and plain http. */
export interface GatewayPlaces {
  readonly demo: boolean;
  /** what the folder is founded for: another one is refused later */
  readonly portBase: number;
  /** of a member without a gateway too: its place is kept */
  of(member: Member): Pick<GenesisMember, 'url' | 'tlsRoots'>;
}

/** On 127.0.0.1, by ports. */
export function onLoopback(portBase: number, consortium: Consortium = DEMO_CONSORTIUM): GatewayPlaces {
  const { gateways } = demoPorts(portBase, consortium);
  const spare = portBase + gateways.size;
  const portOf = (member: Member) => gateways.get(member.id) ?? spare + consortium.members.indexOf(member);
  return { demo: true, portBase, of: (member) => ({ url: `http://127.0.0.1:${portOf(member)}` }) };
}

/**
 * Founds a network whose keys all lie in one folder, or finds the one that stands there.
 * @throws Error in one line when the folder's network was founded with another port base
 */
export function found(
  dataDir: string,
  places: GatewayPlaces,
  ledger: LedgerKind = 'embedded',
  consortium: Consortium = DEMO_CONSORTIUM,
): Founding {
  const files = foundingFiles(dataDir);
  if (existsSync(files.ledger)) return standing(files, places.portBase, ledger);
  const keys = new Map(consortium.members.map((member) => [member.id, makeKey()]));
  const genesis = makeGenesis(consortium, ledger, places, keys);
  const signed = combineGenesis(
    genesis,
    [...keys.values()].map((key) => signGenesis(genesis, key)),
  );
  const network = networkId(genesis);
  const credentials: DemoCredentials = {
    network,
    channel: consortium.channel,
    organisations: consortium.members
      .filter((member) => member.gateway)
      .map(({ id }) => {
        const { name, kind, url, tokenUrl } = genesis.organisations.find((one) => one.id === id)!;
        return {
          id,
          name,
          kind,
          url,
          tokenUrl,
          masterKey: keys.get(id)!,
          ehr: makeDeviceKeys(),
          practitioners: practitionersOf(kind),
        };
      }),
  };
  for (const { id, gateway } of consortium.members) {
    if (gateway) writeJson(files.gatewayDevice(id), makeDeviceKeys());
    else writeJson(files.masterKey(id), keys.get(id));
  }
  writeJson(files.genesis, signed);
  writeJson(files.credentials, credentials);
  const founded: FoundedLedger = { ledger, network, portBase: places.portBase };
  writeJson(files.ledger, founded);
  return { network, signed, credentials };
}

const roles: Readonly<Record<Kind, readonly Role[]>> = {
  hospital: ['physician', 'nurse', 'privacy-officer'],
  regulator: ['auditor'],
  'third-party': [],
};

function practitionersOf(kind: Kind): DemoPractitioner[] {
  return roles[kind].map((role) => ({ key: makeKey(), practitioner: randomId(), role }));
}

function standing(files: ReturnType<typeof foundingFiles>, portBase: number, ledger: LedgerKind): Founding {
  const founded = readJson(files.ledger) as FoundedLedger;
  if (founded.ledger !== ledger) {
    throw new Error(
      `The network in this folder was founded on the ${founded.ledger} ledger: choose another DATA_DIR.`,
    );
  }
  if (founded.portBase !== portBase) {
    throw new Error(
      `This network was founded with PORT_BASE ${founded.portBase}, which its genesis document names: use that, or another DATA_DIR.`,
    );
  }
  const signed = SignedGenesis.parse(readJson(files.genesis));
  const network = checkGenesis(signed, nodeSignatureChecks);
  return { network, signed, credentials: readJson(files.credentials) as DemoCredentials };
}

function makeGenesis(
  { channel, members }: Consortium,
  ledger: LedgerKind,
  places: GatewayPlaces,
  keys: Map<string, PrivateJwk>,
): Genesis {
  const describe = (member: Member): GenesisMember => {
    const { id, name, kind } = member;
    const place = places.of(member);
    const masterKey = publicPart(keys.get(id)!);
    return { id, name, kind, tokenUrl: `${place.url}/v1/oauth/token`, masterKey, ...place };
  };
  return draftGenesis({ demo: places.demo, ledger, channel, organisations: members.map(describe) });
}

function readJson(path: string): unknown {
  return JSON.parse(readFileSync(path, 'utf8'));
}
