import {
  anybodysAuthor,
  type Confirmed,
  changeStanding,
  checkIsUnsuspected,
  checkMayWiden,
  enrolled,
  fingerprintOf,
  isStandingAct,
  patientsAuthor,
  principalOf,
  type ReadStatement,
  readStatement,
  type Signers,
  type StandingAct,
  standingAuthor,
} from '@chartkey/rules';
import { nodeSignatureChecks as checks } from '@chartkey/rules/node';
import {
  type ApprovalSubject,
  base32Id,
  Failure,
  instantAt,
  type P256Key,
  type Patient,
  type PractitionerKey,
  type Role,
  type StatementOf,
} from '@chartkey/vocabulary';
import { signJson, statement, type TestKey, testKey } from '../../support/signing.ts';

export const NETWORK = `demo-${'n'.repeat(43)}`;
export const DAY = 86_400_000;

/** A person with a signing key, or a practitioner, or an organisation with its master key. */
export interface Somebody {
  iss: string;
  key: TestKey & { publicJwk: P256Key };
}

/** A key made and not yet anybody's: what it signs, and its proof of possession. */
export interface Spare {
  key: TestKey & { publicJwk: P256Key };
  proof: string;
}

let number = 0;

/** Persons, practitioners and organisations, and what stands about them: the rules, and no ledger. */
export class Town {
  /** ledger time, milliseconds */
  time = Date.parse('2026-06-01T12:00:00.000Z');
  private readonly standings = new Map<string, Patient>();
  private readonly practitioners = new Map<string, PractitionerKey>();
  private readonly masterKeys = new Map<string, P256Key>();
  private readonly approvals = new Map<string, Confirmed>();

  person(more: { guardian?: { person: string; notAfter: string } } = {}): Somebody {
    const key = testKey();
    const enc = testKey().publicJwk;
    const words = { act: 'enrolPatient', seq: 1, sig: key.publicJwk, enc, ...more };
    const read = readStatement(this.sign({ iss: key.id, key }, words), 'enrolPatient');
    const at = { enrolledBy: 'RiversideMSP', enrolledAt: instantAt(this.time) };
    this.standings.set(key.id, enrolled(read, at));
    return { iss: key.id, key };
  }

  practitioner(organisation: string, role: Role = 'physician', days = 365): Somebody {
    const key = testKey();
    number += 1;
    this.practitioners.set(key.id, {
      key: key.id,
      organisation,
      practitioner: base32Id(Buffer.alloc(16, number)),
      role,
      sig: key.publicJwk,
      statement: key.id,
      registeredAt: instantAt(this.time),
      validUntil: instantAt(this.time + days * DAY),
      status: 'registered',
    });
    return { iss: key.id, key };
  }

  organisation(id: string): Somebody {
    const key = testKey();
    this.masterKeys.set(id, key.publicJwk);
    return { iss: id, key };
  }

  /** A new pair with its proof, for this owner unless told otherwise. */
  spare(owner: string, change: object = {}, by?: TestKey): Spare {
    const key = testKey();
    const exp = Math.floor(this.time / 1000) + 600;
    const words = { network: NETWORK, owner, sig: key.publicJwk, enc: testKey().publicJwk, exp, ...change };
    const proof = signJson({ alg: 'ES256', typ: 'chartkey-key+jwt' }, words, by ?? key);
    return { key, proof };
  }

  of({ iss }: Somebody): Patient {
    const standing = this.standings.get(iss);
    if (!standing) throw new Error('nobody of this id');
    return standing;
  }

  pass(days: number): void {
    this.time += days * DAY;
  }

  sign({ iss, key }: Somebody, words: object): string {
    number += 1;
    const numbered = { seq: number, ...words };
    const { seq, ...unnumbered } = numbered;
    const payload = { iss, aud: NETWORK, ...(isUnnumbered(words) ? unnumbered : { ...unnumbered, seq }) };
    return statement(payload, key, Math.floor(this.time / 1000));
  }

  /** Applies a statement as the ledger would; answers its id. @throws Failure the rule that refuses it */
  async says(somebody: Somebody, words: object): Promise<string> {
    const read = readStatement(this.sign(somebody, words));
    await this.accept(read);
    return read.id;
  }

  /** The code that refuses a statement; `accepted` where nothing does. */
  async code(somebody: Somebody, words: object): Promise<string> {
    try {
      await this.says(somebody, words);
      return 'accepted';
    } catch (error) {
      if (error instanceof Failure) return error.code;
      throw error;
    }
  }

  /** An accepted approval of a subject; answers its id. */
  async approve(somebody: Somebody, subject: ApprovalSubject): Promise<string> {
    const request = fingerprintOf(subject);
    const read = readStatement(this.sign(somebody, { act: 'approve', request }), 'approve');
    const by = principalOf(await anybodysAuthor(read, this.signers(), this.time));
    this.approvals.set(read.id, { statement: read.id, by, request, at: this.time });
    return read.id;
  }

  private async accept(read: ReadStatement): Promise<void> {
    const { payload } = read;
    const about = ('patient' in payload ? payload.patient : undefined) ?? payload.iss;
    const standing = this.standings.get(about);
    if (!standing) throw new Failure('PATIENT_UNKNOWN');
    if (!isOfStanding(read)) {
      const author = await patientsAuthor(read, standing, this.signers(), this.time);
      checkIsUnsuspected(standing, author, payload.act, this.time);
      return checkMayWiden(standing, payload.act, this.time);
    }
    const author = await standingAuthor(read, standing, this.signers(), this.time);
    const named = 'approvals' in read.payload ? (read.payload.approvals ?? []) : [];
    const confirmed = named.map((id) => {
      const one = this.approvals.get(id);
      if (!one) throw new Failure('STATEMENT_UNKNOWN');
      return one;
    });
    const change = { statement: read, author, network: NETWORK, checks, time: this.time, confirmed };
    this.standings.set(about, changeStanding(standing, change));
  }

  signers(): Signers {
    return {
      network: NETWORK,
      checks,
      person: async (id) => this.standings.get(id),
      practitioner: async (key) => this.practitioners.get(key),
      masterKey: async (id) => {
        const key = this.masterKeys.get(id);
        if (!key) throw new Failure('ORGANISATION_UNKNOWN');
        return key;
      },
    };
  }
}

const unnumbered = new Set([
  ...['revokeConsent', 'revokeDelegate', 'removeKey', 'freeze'],
  ...['vetoRecovery', 'confirmRecovery', 'completeRecovery'],
]);
const isUnnumbered = (words: object) => 'act' in words && unnumbered.has(String(words.act));

function isOfStanding(read: ReadStatement): read is ReadStatement<StatementOf<StandingAct>> {
  return isStandingAct(read.payload.act);
}
