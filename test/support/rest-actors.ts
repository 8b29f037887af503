import type { DemoCredentials, DemoOrganisation } from '../../network/demo/founding.ts';
import * as wire from '../journeys/independent-client.ts';

type Json = Record<string, unknown>;

/** An answer with its body read; `cut` when the connection broke before the body's end. */
export interface Answer {
  status: number;
  headers: Headers;
  bytes: Buffer;
  cut: boolean;
  /** the body's members, when it is JSON */
  json: Json;
  /** the ledger's entry that the answer names, granted or refused */
  access: string;
  code: string;
}

/** Sends a request and reads its answer to the end, or to where it was cut. */
export async function ask(url: string, init: RequestInit = {}): Promise<Answer> {
  const answer = await fetch(url, { redirect: 'error', ...init });
  const parts: Uint8Array[] = [];
  let cut = false;
  try {
    for await (const part of answer.body ?? []) parts.push(part as Uint8Array);
  } catch {
    cut = true;
  }
  const bytes = Buffer.concat(parts);
  const isJson = /json/.test(answer.headers.get('Content-Type') ?? '');
  const json = (isJson && !cut ? JSON.parse(bytes.toString() || '{}') : {}) as Json;
  const access = answer.headers.get('Access-Id') ?? String(json['access'] ?? '');
  const code = String(json['code'] ?? '');
  return { status: answer.status, headers: answer.headers, bytes, cut, json, access, code };
}

const bearer = (token: string): Record<string, string> => ({ Authorization: `Bearer ${token}` });
const now = () => Math.floor(Date.now() / 1000);

/** A compact assertion of a device; `change` replaces claims. */
export function assertionOf(device: RestDevice, purposes: string[], change: object = {}): string {
  const { id } = device;
  const b2b = {
    version: '1',
    organization_id: device.organisation.id,
    subject_id: device.practitioner,
    subject_role: device.role,
    purpose_of_use: purposes,
  };
  return wire.jws(
    { alg: 'ES256', kid: id, typ: 'JWT' },
    { ...claimsOf(id, device.organisation.tokenUrl), extensions: { 'hl7-b2b': b2b }, ...change },
    device.key,
  );
}

const claimsOf = (id: string, tokenUrl: string) => ({
  iss: id,
  sub: id,
  aud: tokenUrl,
  jti: wire.randomId(),
  iat: now(),
  exp: now() + 300,
});

/** Hands an assertion in at a token URL. */
export function askToken(tokenUrl: string, assertion: string): Promise<Answer> {
  const type = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
  const form = { grant_type: 'client_credentials', client_assertion_type: type, client_assertion: assertion };
  return ask(tokenUrl, { method: 'POST', body: new URLSearchParams(form) });
}

/** A token that is fetched once, and again when it has grown old or is forgotten. */
class KeptTokens {
  private readonly kept = new Map<string, { token: Promise<string>; until: number }>();

  of(name: string, make: () => Promise<Answer>): Promise<string> {
    const held = this.kept.get(name);
    if (held && Date.now() < held.until) return held.token;
    const token = make().then(({ status, json }) => {
      if (status === 200) return String(json['access_token']);
      this.kept.delete(name);
      throw new Error(`no token: ${status} ${JSON.stringify(json)}`);
    });
    this.kept.set(name, { token, until: Date.now() + 200_000 });
    token.catch(() => this.kept.delete(name));
    return token;
  }

  forget(): void {
    this.kept.clear();
  }
}

export interface ReadWords {
  version?: number;
  purpose?: string;
  key?: string;
  range?: string;
}

/** A device of an organisation that speaks to its own gateway over REST alone. */
export class RestDevice {
  readonly practitioner = wire.randomId();
  readonly role: string;
  private readonly tokens = new KeptTokens();

  constructor(
    readonly organisation: DemoOrganisation,
    readonly key: wire.Key = wire.keyFrom(organisation.ehr.sig as unknown as Record<string, string>),
    /** purposes of its session */
    readonly purposes: string[] = ['TREAT'],
  ) {
    this.role = organisation.kind === 'hospital' ? 'physician' : 'auditor';
  }

  get id(): string {
    return this.key.id;
  }

  get url(): string {
    return this.organisation.url;
  }

  token(): Promise<string> {
    const { tokenUrl } = this.organisation;
    return this.tokens.of('own', () => askToken(tokenUrl, assertionOf(this, this.purposes)));
  }

  /** After a restart of the gateway its tokens are gone. */
  forgetTokens(): void {
    this.tokens.forget();
  }

  async ask(path: string, init: RequestInit = {}, url = this.url): Promise<Answer> {
    const headers = { ...bearer(await this.token()), ...(init.headers as Record<string, string>) };
    return ask(`${url}${path}`, { ...init, headers });
  }

  read(record: string, { version, purpose, key, range }: ReadWords = {}): Promise<Answer> {
    const headers: Record<string, string> = {
      ...(purpose !== undefined && { 'Purpose-Of-Use': purpose }),
      ...(key !== undefined && { 'Idempotency-Key': key }),
      ...(range !== undefined && { Range: range }),
    };
    const query = version === undefined ? '' : `?version=${version}`;
    return this.ask(`/v1/records/${record}/content${query}`, { headers });
  }

  list(patient: string, purpose?: string, cursor?: string): Promise<Answer> {
    const headers: Record<string, string> = purpose === undefined ? {} : { 'Purpose-Of-Use': purpose };
    const query = cursor === undefined ? '' : `?cursor=${encodeURIComponent(cursor)}`;
    return this.ask(`/v1/patients/${patient}/records${query}`, { headers });
  }

  store(patient: string, content: Buffer, idempotencyKey = wire.randomId()): Promise<Answer> {
    return this.ask(`/v1/records?patient=${patient}`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/octet-stream', 'Idempotency-Key': idempotencyKey },
      body: new Uint8Array(content),
    });
  }

  storeVersion(record: string, replaces: number, content: Buffer): Promise<Answer> {
    return this.ask(`/v1/records/${record}/content`, {
      method: 'PUT',
      headers: {
        'Content-Type': 'application/octet-stream',
        'Idempotency-Key': wire.randomId(),
        'If-Match': `"${replaces}"`,
      },
      body: new Uint8Array(content),
    });
  }

  /** Every page of a list, as one array. */
  async pages(path: string): Promise<Json[]> {
    return pagesOf((query) => this.ask(`${path}${query}`));
  }
}

/** Reads a list to its end; a page that cannot be had yet (the index is behind) is asked for again. */
export async function pagesOf(page: (query: string) => Promise<Answer>): Promise<Json[]> {
  const items: Json[] = [];
  for (let query = '', tries = 0; ; ) {
    const { status, json, code } = await page(query);
    if (status === 503 && tries < 100) {
      tries += 1;
      await new Promise((wake) => setTimeout(wake, 50));
      continue;
    }
    if (status !== 200) throw new Error(`no page: ${status} ${code}`);
    items.push(...(json['items'] as Json[]));
    if (json['next'] === undefined) return items;
    query = `?cursor=${encodeURIComponent(String(json['next']))}`;
  }
}

export interface GrantWords {
  grantee?: Json;
  scope?: unknown;
  actions?: string[];
  purposes?: string[];
  notBefore?: string;
  notAfter?: string;
  maxUses?: number;
}

/** A patient with keys of its own, speaking to the gateway it enrols at. */
export class RestPatient {
  readonly key = wire.makeKey();
  private readonly enc = wire.makeKey();
  private readonly tokens = new KeptTokens();
  private seq = 1;

  constructor(
    readonly network: string,
    readonly home: DemoOrganisation,
  ) {}

  get id(): string {
    return this.key.id;
  }

  says(payload: Json): string {
    return wire.statement(this.network, this.key, this.id, payload);
  }

  enrolment(recorder: string): string {
    const keys = { sig: this.key.publicJwk, enc: this.enc.publicJwk };
    return this.says({ act: 'enrolPatient', seq: 1, ...keys, recorder });
  }

  /** @returns the id of the recorder's grant */
  async enrol(by: RestDevice): Promise<string> {
    const enrolment = this.enrolment(by.organisation.id);
    accepted(await by.ask('/v1/statements', statementInit(enrolment)));
    return wire.statementId(enrolment);
  }

  /** The next grant, signed. */
  grantText(organisation: string, words: GrantWords = {}): string {
    this.seq += 1;
    const { grantee, ...rest } = words;
    return this.says({
      act: 'grantConsent',
      seq: this.seq,
      grantee: { organisation, ...grantee },
      scope: 'all',
      actions: ['read'],
      purposes: ['TREAT'],
      ...rest,
    });
  }

  /** Grants through a gateway. @returns the grant's id */
  async grant(organisation: string, words: GrantWords = {}, url = this.home.url): Promise<string> {
    const text = this.grantText(organisation, words);
    accepted(await sendStatement(url, text));
    return wire.statementId(text);
  }

  revocation(grant: string): string {
    return this.says({ act: 'revokeConsent', grant });
  }

  async revoke(grant: string, url = this.home.url): Promise<Json> {
    return accepted(await sendStatement(url, this.revocation(grant)));
  }

  token(at: DemoOrganisation = this.home): Promise<string> {
    return this.tokens.of(at.id, () => {
      const header = { alg: 'ES256', kid: this.id, typ: 'JWT' };
      return askToken(at.tokenUrl, wire.jws(header, claimsOf(this.id, at.tokenUrl), this.key));
    });
  }

  forgetTokens(): void {
    this.tokens.forget();
  }

  async ask(path: string, init: RequestInit = {}, at: DemoOrganisation = this.home): Promise<Answer> {
    const headers = { ...bearer(await this.token(at)), ...(init.headers as Record<string, string>) };
    return ask(`${at.url}${path}`, { ...init, headers });
  }

  /** Everything a list holds, over all its pages. */
  async pages(path: string, at: DemoOrganisation = this.home): Promise<Json[]> {
    return pagesOf((query) => this.ask(`${path}${query}`, {}, at));
  }
}

export function statementInit(text: string): RequestInit {
  return { method: 'POST', headers: { 'Content-Type': 'application/jose' }, body: text };
}

export function sendStatement(url: string, text: string): Promise<Answer> {
  return ask(`${url}/v1/statements`, statementInit(text));
}

/** The body of an accepted statement. @throws Error when it was not accepted */
export function accepted({ status, json }: Answer): Json {
  if (status === 201 || status === 200) return json;
  throw new Error(`not accepted: ${status} ${JSON.stringify(json)}`);
}

/** The demo's organisations by short name, each with the device that its credentials file names. */
export function cast(credentials: DemoCredentials) {
  const one = (id: string, purposes?: string[]) => {
    const organisation = credentials.organisations.find((each) => each.id === id);
    if (!organisation) throw new Error(`${id} is not in the credentials file`);
    return new RestDevice(organisation, undefined, purposes);
  };
  return {
    network: credentials.network,
    river: one('RiversideMSP'),
    lake: one('LakesideMSP'),
    regulator: one('RegulatorMSP', ['HOPERAT']),
    insurer: one('InsurerMSP', ['HPAYMT']),
    /** a patient enrolled at Riverside, which may record and read for treatment */
    async patient(): Promise<RestPatient> {
      const patient = new RestPatient(this.network, this.river.organisation);
      await patient.enrol(this.river);
      return patient;
    },
    /** a new record of a patient's at Riverside */
    async record(patient: RestPatient, content: Buffer): Promise<string> {
      const answer = await this.river.store(patient.id, content);
      if (answer.status !== 201) throw new Error(`not stored: ${answer.status} ${answer.code}`);
      return String(answer.json['record']);
    },
  };
}

export type Cast = ReturnType<typeof cast>;
