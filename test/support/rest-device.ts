import type { DemoOrganisation } from '../../network/demo/founding.ts';
import * as wire from '../journeys/independent-client.ts';
import { type Answer, ask, type Json, pagesOf } from './rest-answers.ts';
import { askToken, bearer, claimsOf, KeptTokens } from './rest-tokens.ts';

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
