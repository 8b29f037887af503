import { setTimeout as pause } from 'node:timers/promises';
import * as wire from '../journeys/independent-client.ts';
import { type Answer, ask } from './rest-answers.ts';

const now = () => Math.floor(Date.now() / 1000);

export const bearer = (token: string): Record<string, string> => ({ Authorization: `Bearer ${token}` });

/** What every assertion claims. */
export const claimsOf = (id: string, tokenUrl: string) => ({
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

/** Suites share their organisations' devices, which have 64 sessions at most: one of another suite's ends soon. */
async function patiently(make: () => Promise<Answer>): Promise<Answer> {
  for (let left = 20; ; left -= 1) {
    const answer = await make();
    if (left === 0 || answer.code !== 'TOO_MANY_SESSIONS') return answer;
    await pause(2_000);
  }
}

/** A token that is fetched once, and again when it has grown old or is forgotten. */
export class KeptTokens {
  private readonly kept = new Map<string, { token: Promise<string>; until: number }>();

  of(name: string, make: () => Promise<Answer>): Promise<string> {
    const held = this.kept.get(name);
    if (held && Date.now() < held.until) return held.token;
    const token = patiently(make).then(({ status, json }) => {
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
