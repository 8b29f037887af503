import {
  algorithmOf,
  type HeardEvent,
  parseCompactJws,
  parseUnambiguous,
  thumbprint,
  utf8Bytes,
  WebhookChallenge,
  WebhookDelivery,
  WebhookHeader,
} from '@chartkey/vocabulary';
import { cryptoAlgorithms } from './crypto-algorithms.ts';
import { ChartkeyError, ProblemError } from './problems.ts';
import type { Session } from './session.ts';

/** Seconds that the gateway's clock and ours may differ by. */
const SKEW_SECONDS = 60;
/** Milliseconds that a gateway, once found on the ledger, is believed. */
const BELIEVED = 60_000;

/** What a call must be for it to be believed. */
export interface WebhookExpectation {
  /** the network id that is pinned */
  network: string;
  /** the webhook's URL, as it was asked for */
  url: string;
  /** does the ledger list this device as a gateway of this organisation? see `listedGateways` */
  isGateway(device: string, organisation: string): boolean | Promise<boolean>;
  /** milliseconds since 1970 */
  now?: () => number;
}

/** What a gateway told a webhook. */
export interface WebhookCall {
  webhook: string;
  /** whose gateway called */
  organisation: string;
  /** to be the whole body of the answer, with 200, if this webhook is wanted; only in the first call */
  challenge?: string;
  /** in the order of the chain; a call may be repeated, so `cursor` tells what is known already */
  events: HeardEvent[];
}

/** Not a call of a gateway of this network for this URL: answer it with 400 and do nothing else. */
export class WebhookForged extends ChartkeyError {
  override readonly name = 'WebhookForged';
  outcomeUnknown = false;
}

/**
 * Reads the body of a webhook's call, once it is sure who made it. @throws WebhookForged, or what `isGateway` does
 */
export async function webhookEvents(body: string, expected: WebhookExpectation): Promise<WebhookCall> {
  const { header, call, jws } = read(body);
  const { network, url, isGateway, now = Date.now } = expected;
  const refuse = (why: string): never => {
    throw new WebhookForged(`this is no call of a webhook: ${why}`);
  };
  if (call.network !== network) refuse('it is of another network');
  if (call.aud !== url) refuse('it is for another URL');
  const seconds = now() / 1000;
  if (seconds < call.iat - SKEW_SECONDS || seconds > call.exp + SKEW_SECONDS) refuse('it is not of now');
  const { jwk, kid, alg } = header;
  if (thumbprint(jwk) !== kid || call.iss !== kid || algorithmOf(jwk) !== alg) refuse('it names two keys');
  const { key, use } = cryptoAlgorithms[alg];
  const { subtle } = globalThis.crypto;
  const imported = await subtle.importKey('jwk', jwk, key, false, ['verify']).catch(() => refuse('no key'));
  const [signature, signed] = [new Uint8Array(jws.signature), new Uint8Array(utf8Bytes(jws.signingInput))];
  if (!(await subtle.verify(use, imported, signature, signed))) refuse('its signature does not verify');
  if (!(await isGateway(call.iss, call.organisation))) refuse('the ledger lists no such gateway');
  const { webhook, organisation } = call;
  return 'challenge' in call
    ? { webhook, organisation, challenge: call.challenge, events: [] }
    : { webhook, organisation, events: call.events };
}

/** Asks the ledger, through anybody's session, which devices are gateways now; what it found it keeps a minute. */
export function listedGateways(session: Session): WebhookExpectation['isGateway'] {
  const found = new Map<string, number>();
  return async (device, organisation) => {
    const name = `${organisation} ${device}`;
    if (Date.now() < (found.get(name) ?? 0)) return true;
    try {
      for await (const one of session.devices(organisation)) {
        if (one.device !== device) continue;
        const stands = one.use === 'gateway' && one.status === 'approved';
        if (stands) found.set(name, Date.now() + BELIEVED);
        return stands;
      }
    } catch (error) {
      if (!(error instanceof ProblemError && error.code === 'ORGANISATION_UNKNOWN')) throw error;
    }
    return false;
  };
}

function read(body: string) {
  try {
    const jws = parseCompactJws(body);
    const header = WebhookHeader.parse(parseUnambiguous(jws.header));
    const said = parseUnambiguous(jws.payload);
    const isChallenge = Object.hasOwn(Object(said), 'challenge');
    return { jws, header, call: isChallenge ? WebhookChallenge.parse(said) : WebhookDelivery.parse(said) };
  } catch {
    throw new WebhookForged('this is no call of a webhook: it has another form');
  }
}
