import type { DemoCredentials, DemoOrganisation } from '../../network/demo/founding.ts';
import { keyOf, LedgerPatient } from '../support/ledger-actor.ts';
import { type TestKey, testKey } from '../support/signing.ts';
import * as client from './independent-client.ts';

export type Json = Record<string, never> & { items: Json[]; [member: string]: unknown };
export const jsonOf = async (answer: Response) => (await answer.json()) as Json;

export interface Acting {
  purposes?: string[];
  role?: string;
  device?: TestKey;
}

/** The organisations of one running consortium, and what they do over HTTP. */
export class Cast {
  readonly network: string;
  readonly river: DemoOrganisation;
  readonly lake: DemoOrganisation;
  readonly regulator: DemoOrganisation;
  readonly insurer: DemoOrganisation;

  constructor({ network, organisations }: DemoCredentials) {
    const one = (id: string) => organisations.find((organisation) => organisation.id === id)!;
    this.network = network;
    this.river = one('RiversideMSP');
    this.lake = one('LakesideMSP');
    this.regulator = one('RegulatorMSP');
    this.insurer = one('InsurerMSP');
  }

  get all(): DemoOrganisation[] {
    return [this.river, this.lake, this.regulator, this.insurer];
  }

  /** A token for an organisation's device: its EHR's unless another is named. */
  token(of: DemoOrganisation, { purposes = ['TREAT'], role = 'physician', device }: Acting = {}) {
    const key = device ? client.keyFrom(wordsOf(device)) : client.keyFrom(wordsOf(keyOf(of.ehr.sig)));
    return client.token(of.tokenUrl, key, { organisation: of.id, role, purposes });
  }

  patientToken(patient: LedgerPatient, at = this.river): Promise<string> {
    return client.token(at.tokenUrl, client.keyFrom(wordsOf(patient.sig)));
  }

  /** A fresh patient, enrolled at Riverside, which may record. */
  async patient(riverToken: string): Promise<LedgerPatient> {
    const patient = new LedgerPatient(this.network);
    const answer = await this.say(patient.enrolment(this.river.id), { bearer: riverToken });
    if (answer.status !== 201) throw new Error(`not enrolled: ${await answer.text()}`);
    return patient;
  }

  say(statement: string, { at = this.river, bearer }: { at?: DemoOrganisation; bearer?: string } = {}) {
    return client.sendStatement(at.url, statement, bearer);
  }

  /** Stores a record at Riverside and answers its id. */
  async record(riverToken: string, patient: LedgerPatient, content: string | Buffer): Promise<string> {
    const bytes = Buffer.from(content as string);
    const answer = await client.upload(this.river.url, riverToken, patient.id, bytes, 'text/plain');
    if (answer.status !== 201) throw new Error(`not stored: ${await answer.text()}`);
    return String((await jsonOf(answer))['record']);
  }

  /**
   * A statement by an organisation's master key. Others may use the key meanwhile, so a number that was
   * taken is exchanged for the one that the problem names.
   */
  async sayAs(of: DemoOrganisation, make: (seq: number) => string): Promise<Response> {
    for (let seq = 1, tries = 0; ; tries += 1) {
      const answer = await this.say(make(seq), { at: of });
      if (answer.status !== 409 || tries === 20) return answer;
      const { code, expected } = await jsonOf(answer.clone());
      if (String(code) !== 'STALE_SEQUENCE') return answer;
      seq = Number(expected);
    }
  }
}

const wordsOf = ({ jwk }: TestKey) => jwk as unknown as Record<string, string>;

/** Asks again until it holds; what is waited for comes soon or never. */
export async function eventually<Found>(ask: () => Promise<Found | undefined | false>): Promise<Found> {
  for (let tries = 0; tries < 600; tries += 1) {
    const found = await ask();
    if (found !== undefined && found !== false) return found;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error('what was waited for did not come');
}

/** A device's own proof of possession, for `approveDevice`; whatever is left out is as it should be. */
export function deviceFacts(
  network: string,
  organisation: string,
  key: TestKey = testKey(),
  enc: TestKey = testKey(),
) {
  const exp = Math.floor(Date.now() / 1000) + 600;
  return { network, organisation, sig: key.publicJwk, enc: enc.publicJwk, use: 'workstation', exp };
}
