import { readFileSync } from 'node:fs';
import { foundingFiles } from '../../network/demo/founding.ts';
import { DeviceKeys } from '../../network/member/keys.ts';
import { sharedConsortium } from './consortium.ts';
import { keyOf, type LedgerPatient } from './ledger-actor.ts';
import type { LedgerPractitioner } from './ledger-practitioner.ts';
import { signJson, statementIdOf, type TestKey } from './signing.ts';

/** The key of an organisation's gateway in the shared demo. */
export function gatewayKeyOf(organisation: string, dataDir = sharedConsortium().dataDir): TestKey {
  const path = foundingFiles(dataDir).gatewayDevice(organisation);
  return keyOf(DeviceKeys.parse(JSON.parse(readFileSync(path, 'utf8'))).sig);
}

interface LateWords {
  number: number;
  record: string;
  patient: Pick<LedgerPatient, 'id'>;
  by: LedgerPractitioner;
  second: LedgerPractitioner;
  change?: object;
  /** of the witness's word */
  said?: object;
  witness?: string;
  /** who signs as gateway, and as witness */
  gateway?: TestKey;
  witnessKey?: TestKey;
}

/** An entry of a release without the ledger, and its witness's word. */
export function lateEntryOf(words: LateWords): { entry: string; witnessed: string } {
  const { number, record, patient, by, second, witness = 'RegulatorMSP' } = words;
  const { organisation, network } = by.at;
  const time = new Date().toISOString();
  const opening = by.opening(patient);
  const seconded = second.says({ act: 'secondBreakGlass', opening: statementIdOf(opening) });
  const about = { network, organisation, number, time, record, version: 1, patient: patient.id };
  const gateway = words.gateway ?? gatewayKeyOf(organisation);
  const typ = (name: string, kid: string) => ({ alg: 'ES256', kid, typ: name });
  const claims = { ...about, opening, second: seconded, ...words.change };
  const entry = signJson(typ('chartkey-late-entry+jwt', gateway.id), claims, gateway);
  const key = words.witnessKey ?? gatewayKeyOf(witness);
  const said = { network, witness, organisation, number, entry: statementIdOf(entry), time, ...words.said };
  return { entry, witnessed: signJson(typ('chartkey-witness+jwt', key.id), said, key) };
}
