import { randomBytes } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { Ledger } from '@chartkey/gateway';
import {
  type AccessItem,
  type AccessOutcome,
  base32Id,
  Failure,
  type SessionOutcome,
  thumbprint,
  transactions,
} from '@chartkey/vocabulary';
import type { DemoCredentials } from '../../network/demo/founding.ts';
import { connectTo, ledgerAccess } from '../../network/ledger-access.ts';
import type { PrivateJwk } from '../../network/member/keys.ts';
import { ledgerKind, sharedConsortium } from './consortium.ts';
import { signTexts, statement, statementIdOf, type TestKey, testKey } from './signing.ts';

export const freshId = () => base32Id(randomBytes(16));
export const freshHash = () => randomBytes(32).toString('base64url');

/** A connection to a consortium's ledger, the shared one's by default, in an organisation's own name. */
export function connectAs(organisation: string, dataDir: string = sharedConsortium().dataDir): Ledger {
  return connectTo(ledgerAccess(dataDir, organisation), organisation);
}

export function keyOf(jwk: PrivateJwk): TestKey {
  const { kty, crv, x, y } = jwk;
  const publicJwk = { kty, crv, x, y };
  return { jwk, publicJwk, id: thumbprint(publicJwk) };
}

/** The code of a failure that some work ends in; `accepted` when it ends in none. */
export async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
    return 'accepted';
  } catch (error) {
    if (error instanceof Failure) return error.code;
    throw error;
  }
}

/** A patient's key pair and statements of it. */
export class LedgerPatient {
  readonly sig = testKey();
  readonly enc = testKey();
  private seq = 1;

  constructor(readonly network: string) {}

  get id(): string {
    return this.sig.id;
  }

  enrolment(recorder?: string): string {
    const { sig, enc } = this;
    const keys = { sig: sig.publicJwk, enc: enc.publicJwk };
    return this.says({ act: 'enrolPatient', seq: 1, ...keys, ...(recorder && { recorder }) });
  }

  grant(organisation: string, change: object = {}): string {
    this.seq += 1;
    const words = { grantee: { organisation }, scope: 'all', actions: ['read'], purposes: ['TREAT'] };
    return this.says({ act: 'grantConsent', seq: this.seq, ...words, ...change });
  }

  revocation(grant: string): string {
    return this.says({ act: 'revokeConsent', grant: statementIdOf(grant) });
  }

  says(payload: object): string {
    return statement({ iss: this.id, aud: this.network, ...payload }, this.sig);
  }
}

/** Where an actor acts: the shared consortium, unless a test has one of its own. */
export interface Stage {
  credentials: DemoCredentials;
  /** of a consortium that runs in processes of its own */
  dataDir?: string;
  connect?(organisation: string): Ledger;
}

/** The ledgers that this file's actors are connected to. */
const connected = new Set<Ledger>();

/** On Fabric each peer takes blocks in at its own pace: a change is over when every actor's peer shows it. */
function everywhere(ledger: Ledger): Ledger {
  if (ledgerKind !== 'fabric') return ledger;
  connected.add(ledger);
  const shows = async (other: Ledger, block: number) => {
    // A third party is told of no blocks.
    const height = () => other.height().catch(() => Number.POSITIVE_INFINITY);
    while (connected.has(other) && (await height()) <= block) await pause(20);
  };
  const submit: Ledger['submit'] = async (...asked) => {
    const committed = await ledger.submit(...asked);
    const { block } = committed;
    if (block !== undefined) await Promise.all([...connected].map((other) => shows(other, block)));
    return committed;
  };
  const close = () => {
    connected.delete(ledger);
    ledger.close();
  };
  return new Proxy(ledger, {
    get(target, name) {
      if (name === 'submit') return submit;
      if (name === 'close') return close;
      const member: unknown = Reflect.get(target, name);
      return typeof member === 'function' ? member.bind(target) : member;
    },
  });
}

/** An organisation that talks to the ledger without a gateway in between. */
export class LedgerActor {
  readonly ledger: Ledger;
  readonly network: string;
  readonly device: TestKey;
  readonly master: TestKey;
  readonly tokenUrl: string;

  constructor(
    readonly organisation: string,
    { credentials, dataDir, connect = (name) => connectAs(name, dataDir) }: Stage = sharedConsortium(),
  ) {
    const own = credentials.organisations.find(({ id }) => id === organisation)!;
    this.ledger = everywhere(connect(organisation));
    this.network = credentials.network;
    this.device = keyOf(own.ehr.sig);
    this.master = keyOf(own.masterKey);
    this.tokenUrl = own.tokenUrl;
  }

  assertion(change: object = {}, b2bChange: object = {}): string {
    const now = Math.floor(Date.now() / 1000);
    const b2b = {
      version: '1',
      organization_id: this.organisation,
      subject_id: freshId(),
      subject_role: 'physician',
      purpose_of_use: ['TREAT'],
      ...b2bChange,
    };
    const { id } = this.device;
    const claims = { iss: id, sub: id, aud: this.tokenUrl, jti: freshId(), iat: now, exp: now + 300 };
    const payload = JSON.stringify({ ...claims, extensions: { 'hl7-b2b': b2b }, ...change });
    return signTexts(JSON.stringify({ alg: 'ES256', kid: id, typ: 'JWT' }), payload, this.device);
  }

  async startSessions(...assertions: string[]): Promise<SessionOutcome[]> {
    const { result } = await this.ledger.submit(transactions.startSessions, { assertions });
    return (result as { outcomes: SessionOutcome[] }).outcomes;
  }

  async session(b2bChange: object = {}): Promise<string> {
    const [outcome] = await this.startSessions(this.assertion({}, b2bChange));
    if (!outcome || !('session' in outcome)) throw new Error(`no session: ${JSON.stringify(outcome)}`);
    return outcome.session;
  }

  async enrol(patient: LedgerPatient, session: string, recorder: string | undefined = this.organisation) {
    return this.ledger.submit(transactions.enrolPatient, { statement: patient.enrolment(recorder), session });
  }

  submit(act: keyof typeof transactions, compact: string) {
    return this.ledger.submit(transactions[act], { statement: compact });
  }

  anchor(session: string, patient: string, record: string, commitment = freshHash()) {
    return this.ledger.submit(transactions.anchorRecord, { session, patient, record, commitment });
  }

  /** Again on a conflict, as a gateway does: on Fabric, peers that are a block behind may have endorsed. */
  async request(...items: AccessItem[]): Promise<{ transaction: string; outcomes: AccessOutcome[] }> {
    for (let left = 5; ; left -= 1) {
      try {
        const { transaction, result } = await this.ledger.submit(transactions.requestAccess, { items });
        return { transaction, outcomes: (result as { outcomes: AccessOutcome[] }).outcomes };
      } catch (error) {
        if (left === 0 || !(error instanceof Failure) || error.code !== 'LEDGER_CONFLICT') throw error;
      }
    }
  }

  close(): void {
    this.ledger.close();
  }
}
