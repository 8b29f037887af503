import {
  DeviceProof,
  digest,
  type P256Key,
  SESSION_SECONDS,
  STATEMENT_SECONDS,
  Statement,
  type StatementOf,
  thumbprint,
} from '@chartkey/vocabulary';
import { signJws } from './jws.ts';
import type { Keys, Signer } from './keys.ts';

/** A statement ready to be sent: the compact JWS, its id, and what it says. */
export interface SignedStatement {
  /** base64url SHA-256 of `header.payload`; a grant's id is its statement's */
  readonly id: string;
  readonly text: string;
  readonly statement: Statement;
}

/** The patient's words of a grant: who, which records, what for, from when to when, how often. */
export type GrantWords = Omit<StatementOf<'grantConsent'>, Envelope | 'seq'>;
/** Whom a denial shuts out, and from what; at least one of the two. */
export type DenialWords = Pick<StatementOf<'denyAccess'>, 'who' | 'what'>;
type Envelope = 'act' | 'iss' | 'aud' | 'iat' | 'exp';
/** What a statement orders, without who, where and when. */
export type Order<Verb extends Statement = Statement> = Verb extends Statement
  ? Omit<Verb, Exclude<Envelope, 'act'>>
  : never;

export interface AuthorOptions {
  /** patient or organisation id; the signer's thumbprint unless given */
  issuer?: string | undefined;
  /** seconds a statement lives, 600 at most (RFC 7519 `exp`); 300 unless given */
  lifetime?: number | undefined;
  /** milliseconds since 1970 */
  now?: (() => number) | undefined;
}

/** Signs statements of one patient, device-approving master key, or delegate, for one network. */
export class Author {
  readonly issuer: string;
  readonly #lifetime: number;
  readonly #now: () => number;

  /** @throws TypeError when the key is not P-256 (statements are ES256), or the lifetime too long */
  constructor(
    readonly network: string,
    readonly signer: Signer,
    options: AuthorOptions = {},
  ) {
    this.issuer = options.issuer ?? signer.id;
    this.#lifetime = options.lifetime ?? SESSION_SECONDS;
    this.#now = options.now ?? Date.now;
    if (signer.algorithm !== 'ES256') throw new TypeError('a statement is signed with a P-256 key');
    if (this.#lifetime > STATEMENT_SECONDS) {
      throw new TypeError(`a statement lives ${STATEMENT_SECONDS} s at most`);
    }
  }

  /**
   * The first statement of a patient; an organisation's device hands it in.
   * @param labelKey the key of the patient's labels at the recorder, sealed for its gateway
   */
  enrolPatient(enc: P256Key, recorder?: string, labelKey?: string): Promise<SignedStatement> {
    const sig = this.signer.publicKey as P256Key;
    return this.sign({ act: 'enrolPatient', seq: 1, sig, enc, recorder, labelKey });
  }

  grantConsent(seq: number, words: GrantWords): Promise<SignedStatement> {
    return this.sign({ act: 'grantConsent', seq, ...words });
  }

  revokeConsent(grant: string): Promise<SignedStatement> {
    return this.sign({ act: 'revokeConsent', grant });
  }

  /** @param device what `deviceProof` made @param validUntil an `Instant`; no end unless given */
  approveDevice(seq: number, device: string, validUntil?: string): Promise<SignedStatement> {
    return this.sign({ act: 'approveDevice', seq, device, ...(validUntil && { validUntil }) });
  }

  /** @param device its thumbprint */
  revokeDevice(device: string): Promise<SignedStatement> {
    return this.sign({ act: 'revokeDevice', device });
  }

  /** Burns a number, so that a withheld statement with it cannot win any more. */
  skip(seq: number): Promise<SignedStatement> {
    return this.sign({ act: 'skip', seq });
  }

  /** Signs any verb. @throws TypeError when it does not have its form */
  async sign(order: Order): Promise<SignedStatement> {
    const iat = Math.floor(this.#now() / 1000);
    const envelope = { iss: this.issuer, aud: this.network, iat, exp: iat + this.#lifetime };
    const statement = Statement.safeParse(withoutUndefined({ ...order, ...envelope }));
    if (!statement.success) {
      const [issue] = statement.error.issues;
      throw new TypeError(`${order.act}: ${issue?.path.join('.') || 'statement'}: ${issue?.message}`);
    }
    const header = { alg: 'ES256', kid: this.signer.id, typ: 'chartkey-statement+jwt' };
    const text = await signJws(header, statement.data, this.signer);
    return { id: statementId(text), text, statement: statement.data };
  }
}

/** The id of a statement: its signature does not count, since an ECDSA signature can be written in two ways. */
export function statementId(text: string): string {
  return digest(text.slice(0, text.lastIndexOf('.')));
}

/** What a device asks approval with. */
export interface DeviceRequest {
  network: string;
  organisation: string;
  keys: Keys;
  use: 'workstation' | 'ehr' | 'gateway';
  /** seconds the proof is good for, a day at most; an hour unless given */
  lifetime?: number;
  now?: () => number;
}

/** A device's proof that it holds its key, for `approveDevice`: JWS of type `chartkey-device+jwt`. */
export async function deviceProof(request: DeviceRequest): Promise<string> {
  const { network, organisation, keys, use, lifetime = 3600, now = Date.now } = request;
  const { publicKey, algorithm } = keys.sig;
  if (thumbprint(keys.enc) === keys.sig.id) throw new TypeError('sig and enc are never the same key');
  const exp = Math.floor(now() / 1000) + lifetime;
  const proof = DeviceProof.parse({ network, organisation, sig: publicKey, enc: keys.enc, use, exp });
  return signJws({ alg: algorithm, typ: 'chartkey-device+jwt' }, proof, keys.sig);
}

/** Members that are present but undefined stand for absent ones. */
function withoutUndefined(members: object): object {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined));
}
