import type { DemoOrganisation } from '../../network/demo/founding.ts';
import * as wire from '../journeys/independent-client.ts';
import {
  type Answer,
  accepted,
  ask,
  type Json,
  pagesOf,
  sendStatement,
  statementInit,
} from './rest-answers.ts';
import type { RestDevice } from './rest-device.ts';
import { askToken, bearer, claimsOf, KeptTokens } from './rest-tokens.ts';

export interface GrantWords {
  grantee?: Json;
  scope?: unknown;
  actions?: string[];
  purposes?: string[];
  notBefore?: string;
  notAfter?: string;
  maxUses?: number;
  passOn?: true;
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

  /** A statement with the next number, signed. */
  numbered(payload: Json): string {
    this.seq += 1;
    return this.says({ ...payload, seq: this.seq });
  }

  /** Has a numbered statement accepted. @returns its id */
  async orders(payload: Json, url = this.home.url): Promise<string> {
    const text = this.numbered(payload);
    accepted(await sendStatement(url, text));
    return wire.statementId(text);
  }

  /**
   * @param refusal the code that it must be refused with
   * @returns the statement's id when it was accepted
   */
  async tries(payload: Json, refusal?: string): Promise<string | undefined> {
    const text = this.numbered(payload);
    const answer = await sendStatement(this.home.url, text);
    expect(answer.code).toBe(refusal ?? '');
    if (refusal === undefined) {
      accepted(answer);
      return wire.statementId(text);
    }
    // what was refused used no number
    this.seq -= 1;
    return undefined;
  }

  /** The next grant, signed. */
  grantText(organisation: string, words: GrantWords = {}): string {
    const { grantee, ...rest } = words;
    return this.numbered({
      act: 'grantConsent',
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
