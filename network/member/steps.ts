import { codeDigest } from '@chartkey/chaincode/code-digest';
import { Genesis, networkId } from '@chartkey/vocabulary';
import { chaincodePackage, packageId, refuseUnfit } from '../fabric/chaincode-package.ts';
import {
  combineGenesis,
  Draft,
  draftGenesis,
  MemberSignature,
  refuseUnreachables,
  signGenesis,
} from './genesis.ts';
import { makeDeviceKeys, makeKey, publicPart, readAs, textIn, writeNew } from './keys.ts';
import { masterSteps } from './master-steps.ts';
import { registerConsortium } from './orders.ts';
import { practitionerSteps } from './practitioner-steps.ts';
import { keyIn, onLedger, type Step, signedIn } from './step.ts';

const steps: Record<string, Step> = {
  'master-key': {
    takes: 'KEY',
    says: 'makes an organisation’s master key; prints the public part, for the draft',
    does([path = '']) {
      const key = makeKey();
      writeNew(path, key);
      return JSON.stringify(publicPart(key));
    },
  },
  'device-keys': {
    takes: 'KEYS',
    says: 'makes a device’s keys, such as a gateway’s GATEWAY_DEVICE; prints its thumbprint',
    does([path = '']) {
      const keys = makeDeviceKeys();
      writeNew(path, keys);
      return keys.device;
    },
  },
  draft: {
    takes: 'MEMBERS GENESIS',
    says: 'makes the genesis document from what the members agreed on: {demo, ledger, channel, organisations}',
    does([members = '', path = '']) {
      const agreed = readAs(Draft, members, 'what members agree on');
      refuseUnreachables(agreed);
      const genesis = draftGenesis(agreed);
      writeNew(path, genesis);
      return `${describe(genesis)}\nEvery member signs it next.`;
    },
  },
  sign: {
    takes: 'GENESIS KEY SIGNATURE',
    says: 'signs the document with a master key; compare the printed network id with the other members’',
    does([path = '', key = '', signature = '']) {
      const genesis = readAs(Genesis, path, 'a genesis document');
      const signed = signGenesis(genesis, keyIn(key));
      writeNew(signature, signed);
      return `${describe(genesis)}\nSigned for ${signed.organisation}.`;
    },
  },
  combine: {
    takes: 'GENESIS SIGNED SIGNATURE…',
    says: 'puts all members’ signatures under the document: every gateway’s GENESIS_FILE',
    does([path = '', signed = '', ...signatures]) {
      const genesis = readAs(Genesis, path, 'a genesis document');
      const all = signatures.map((one) => readAs(MemberSignature, one, 'a member’s signature'));
      writeNew(signed, combineGenesis(genesis, all));
      return describe(genesis);
    },
  },
  'code-digest': {
    takes: '',
    says: 'prints the digest of the chaincode in this checkout: the version that members compare and approve',
    does: () => codeDigest(),
  },
  'chaincode-package': {
    takes: 'HOST:PORT ROOT CERTIFICATE CLIENT-KEY PACKAGE',
    says: 'makes what the member’s peer installs: where its chaincode listens, the root of that one’s TLS certificate, and the pair that the peer shows',
    does([address = '', ...files]) {
      const [root = '', clientCertificate = '', clientKey = ''] = files.slice(0, 3).map(textIn);
      refuseUnfit({ label: 'records', address, tls: { root, clientCertificate, clientKey } });
      const bytes = chaincodePackage({
        label: 'records',
        address,
        tls: { root, clientCertificate, clientKey },
      });
      writeNew(files[3]!, bytes);
      return packageId('records', bytes);
    },
  },
  register: {
    takes: 'SIGNED',
    says: 'registers the consortium on its channel, once; reads a gateway’s settings',
    async does([path = ''], env) {
      const signed = signedIn(path);
      const fresh = await onLedger(env, signed, (ledger) => registerConsortium(ledger, signed));
      return `${fresh ? 'Registered' : 'Registered already'}: ${networkId(signed.genesis)}`;
    },
  },
  ...masterSteps,
  ...practitionerSteps,
};

function describe(genesis: Genesis): string {
  const members = genesis.organisations.map(({ id, name, kind, url }) => `  ${id}  ${name}, ${kind}, ${url}`);
  return [`network ${networkId(genesis)}`, ...members].join('\n');
}

const help = Object.entries(steps).map(([name, { takes, says }]) => `  ${name} ${takes}\n      ${says}`);

/**
 * Does what `npm run member -- <words>` says.
 * @param env a gateway's settings, where a step needs the ledger
 * @returns what to print
 * @throws Error in one line
 */
export async function asMember(
  [name = '--help', ...words]: string[],
  env: NodeJS.ProcessEnv,
): Promise<string> {
  const step = Object.hasOwn(steps, name) ? steps[name] : undefined;
  if (!step) {
    if (name !== '--help' && name !== '-h')
      throw new Error(`There is no ${name}. See npm run member -- --help.`);
    return ['npm run member -- STEP: what a member does by hand; capitals are files', '', ...help].join('\n');
  }
  const wanted = step.takes.split(' ').filter((word) => word !== '').length;
  if (words.length < wanted || (words.length > wanted && !step.takes.endsWith('…'))) {
    throw new Error(`${name} takes ${step.takes || 'nothing more'}.`);
  }
  return step.does(words, env);
}
