import { X509Certificate } from 'node:crypto';
import { accessSync, constants, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import type { Member } from '../consortium.ts';
import { writeDurably } from '../durable-file.ts';
import { ledgerSettings } from '../ledger-access.ts';
import { textIn } from '../member/keys.ts';
import { type FabricPlan, onlyFileIn, peerDomain } from './plan.ts';
import { runProgram } from './programs.ts';

/**
 * Gives a member's gateway its Fabric identity, where a gateway looks for it: enrolled with the member's
 * Fabric CA where FABRIC_CA_URL_FILE (a file with https://user:secret@host:port) and FABRIC_CA_ROOTS (PEM)
 * are given, else the one that cryptogen made.
 * @returns the gateway's settings, a line each
 * @throws Error in one line
 */
export async function enrol(
  plan: FabricPlan,
  dataDir: string,
  member: Member,
  env: NodeJS.ProcessEnv,
): Promise<string> {
  const folder = join(dataDir, 'organisations', member.id, 'identity');
  const urlFile = env['FABRIC_CA_URL_FILE'];
  const access = plan.access(member.id);
  const { certificate, privateKey } = urlFile
    ? await enrolWith(textIn(urlFile).trim(), env, plan, member)
    : { certificate: readFileSync(access.certificate), privateKey: readFileSync(access.privateKey) };
  const files = { certificate: join(folder, 'client.crt'), privateKey: join(folder, 'client.key') };
  writeDurably(files.privateKey, privateKey, 0o600);
  writeDurably(files.certificate, certificate, 0o644);
  const settings = { ...ledgerSettings(member.id, { ...access, ...files }), DATA_DIR: dataDir };
  return Object.entries(settings)
    .map(([name, value]) => `${name}=${value}`)
    .join('\n');
}

async function enrolWith(url: string, env: NodeJS.ProcessEnv, plan: FabricPlan, member: Member) {
  const program = (env['PATH'] ?? '')
    .split(delimiter)
    .map((one) => join(one, 'fabric-ca-client'))
    .find(runs);
  if (!program) {
    throw new Error(
      'Not on the PATH: fabric-ca-client. It comes with Fabric CA’s releases (https://github.com/hyperledger/fabric-ca/releases).',
    );
  }
  if (!URL.canParse(url) || new URL(url).password === '') {
    throw new Error('FABRIC_CA_URL_FILE: its content is no https://user:secret@host:port.');
  }
  const roots = env['FABRIC_CA_ROOTS'];
  if (!roots) throw new Error('FABRIC_CA_ROOTS: give the PEM of the roots of the CA’s TLS certificate.');
  const home = mkdtempSync(join(tmpdir(), 'chartkey-enrol-'));
  try {
    // Not as a word: every process of this machine can read those, and so can whoever sees an error.
    const secret = { FABRIC_CA_CLIENT_URL: url };
    await runProgram(program, ['enroll', '--tls.certfiles', roots, '--home', home], secret);
    const certificate = readFileSync(onlyFileIn(join(home, 'msp', 'signcerts')));
    refuseStranger(plan, member, certificate);
    return { certificate, privateKey: readFileSync(onlyFileIn(join(home, 'msp', 'keystore'))) };
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}

/** A certificate of another authority would be refused by every peer, later and with fewer words. */
function refuseStranger(plan: FabricPlan, member: Member, certificate: Buffer): void {
  const enrolled = new X509Certificate(certificate);
  const folder = join(plan.peerOrganisation(member), 'msp', 'cacerts');
  const authorities = readdirSync(folder).map(
    (name) => new X509Certificate(readFileSync(join(folder, name))),
  );
  if (!authorities.some((one) => enrolled.checkIssued(one) && enrolled.verify(one.publicKey))) {
    throw new Error(
      `This CA is not the one of ${peerDomain(member)}’s MSP: its identities are nobody there.`,
    );
  }
  if (!enrolled.subject.includes('OU=client')) {
    throw new Error('This identity is no client: register it at the CA with --id.type client.');
  }
}

function runs(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
