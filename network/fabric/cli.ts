import { readSettings } from '../demo/settings.ts';
import { inWords } from '../member/words.ts';
import { findPrograms } from './programs.ts';
import { FabricSteps } from './steps.ts';

interface Step {
  /** the words it takes; what is in brackets may be left out */
  takes: string;
  says: string;
  does(network: FabricSteps, words: string[]): Promise<string>;
}

const steps: Record<string, Step> = {
  up: {
    takes: '[MEMBER…]',
    says: 'starts orderer, peer and chaincode of all members, or some, in the background',
    does: (network, words) => network.up(words),
  },
  'create-channel': {
    takes: '',
    says: 'has every orderer and peer join the channel',
    does: (network) => network.createChannel(),
  },
  'deploy-chaincode': {
    takes: '',
    says: 'installs and approves the chaincode of this checkout as each member, and commits it',
    does: (network) => network.deployChaincode(),
  },
  genesis: {
    takes: '',
    says: 'founds and registers the demo consortium (members of a real one use npm run member)',
    does: (network) => network.genesis(),
  },
  enrol: {
    takes: 'MEMBER',
    says: 'gives a gateway its Fabric identity, from a Fabric CA where FABRIC_CA_URL_FILE names one; prints its settings',
    does: (network, words) => network.enrol(words, process.env),
  },
  status: {
    takes: '',
    says: 'says what runs, how many blocks it holds, and which chaincode it runs',
    does: (network) => network.status(),
  },
  watch: {
    takes: '',
    says: 'starts a member’s nodes anew when its orderer hangs, until it is stopped',
    does: (network) => network.watch((line) => process.stdout.write(`${line}\n`)),
  },
  backup: {
    takes: 'MEMBER FILE',
    says: 'writes a stopped peer’s data to an archive',
    does: (network, words) => network.backup(words),
  },
  restore: {
    takes: 'MEMBER FILE',
    says: 'puts such an archive in place of a peer’s data',
    does: (network, words) => network.restore(words),
  },
  down: {
    takes: '[MEMBER…]',
    says: 'stops them',
    does: (network, words) => network.down(words),
  },
};

const HELP = `npm run fabric -- STEP: one step at a time of what npm run network:fabric does at once; each may be given again.
${Object.entries(steps)
  .map(([name, { takes, says }]) => `\n  ${name} ${takes}\n      ${says}`)
  .join('')}

  PORT_BASE    7001              as for npm run network:fabric
  DATA_DIR     .chartkey-fabric`;

async function main([name = '--help', ...words]: string[]): Promise<string> {
  if (name === '--help' || name === '-h') return HELP;
  const step = Object.hasOwn(steps, name) ? steps[name] : undefined;
  if (!step) throw new Error(`There is no ${name}. See npm run fabric -- --help.`);
  const wanted = step.takes.split(' ').filter((word) => word !== '' && !word.startsWith('['));
  if (words.length < wanted.length || (words.length > wanted.length && !step.takes.includes('…'))) {
    throw new Error(`${name} takes ${step.takes || 'nothing more'}.`);
  }
  const settings = readSettings(process.env, '.chartkey-fabric');
  return step.does(new FabricSteps(settings, await findPrograms()), words);
}

main(process.argv.slice(2)).then(
  (text) => process.stdout.write(`${text}\n`),
  (error: Error) => {
    process.stderr.write(`${inWords(error)}\n`);
    process.exit(1);
  },
);
