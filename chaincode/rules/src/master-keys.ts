import {
  Failure,
  type Genesis,
  malformed,
  type P256Key,
  STATEMENT_SECONDS,
  type StatementOf,
  thumbprint,
} from '@chartkey/vocabulary';
import { memberOf } from './genesis.ts';
import { type Bringing, checkKeyProof } from './key-proof.ts';
import type { Founded } from './release.ts';
import { fingerprintOf } from './standing/approvals.ts';
import { checkSignature, type ReadStatement } from './statement.ts';

/** Minutes within which the other members agree to a replacement: a week. */
export const REPLACEMENT_MINUTES = 7 * 24 * 60;
/** Milliseconds by which what is known of the order of two statements may be wrong: as long as they live. */
const TOLERANCE = STATEMENT_SECONDS * 1000;

type Succeeding = ReadStatement<StatementOf<'rotateMasterKey' | 'replaceMasterKey'>>;

/**
 * The master key that a statement brings, which proves itself inside.
 * @throws Failure INVALID_PROOF, INVALID_KEY; INVALID_STATEMENT where a member would replace its own key
 */
export function newMasterKey(
  { payload }: Succeeding,
  bringing: Omit<Bringing, 'owner'>,
): { key: string; sig: P256Key } {
  const owner = ownerOf(payload);
  if (payload.act === 'replaceMasterKey' && owner === payload.iss) throw malformed('payload.organisation');
  const { key, sig, enc } = checkKeyProof(payload.key, { ...bringing, owner });
  // A pair is a patient's.
  if (enc !== undefined) throw new Failure('INVALID_PROOF', { at: 'payload.key.payload.enc' });
  return { key, sig };
}

/**
 * Who decides about a lost master key: more than half of the other members, each with its own master key.
 * @throws Failure ORGANISATION_UNKNOWN
 */
export function replacers(genesis: Genesis, organisation: string): { of: string[]; need: number } {
  memberOf(genesis, organisation);
  const of = genesis.organisations.map(({ id }) => id).filter((id) => id !== organisation);
  return { of, need: Math.floor(of.length / 2) + 1 };
}

/** An accepted statement, and when: ledger time, or its own `iat`, in milliseconds. */
export interface Dated {
  statement: ReadStatement;
  time: number;
}

/** What put a new master key in a former one's place: a rotation, or a replacement and the members' approvals. */
export interface Succession extends Dated {
  approvals: readonly Dated[];
}

/** Every organisation's master keys, from the founding one on, as statements prove them. */
export class MasterKeys {
  private readonly keys = new Map<string, { key: P256Key; since: number }[]>();

  /** @throws Failure when a succession does not verify */
  constructor(
    private readonly founded: Founded,
    successions: readonly Succession[] = [],
  ) {
    for (const { id, masterKey } of founded.genesis.organisations) {
      this.keys.set(id, [{ key: masterKey, since: Number.NEGATIVE_INFINITY }]);
    }
    const since = ({ time, approvals }: Succession) => Math.max(time, ...approvals.map((one) => one.time));
    const inOrder = [...successions].sort((one, other) => since(one) - since(other));
    for (const one of inOrder) this.succeed(one, since(one));
  }

  /** Was this ever an organisation's master key? */
  knows(organisation: string, kid: string): boolean {
    return this.of(organisation).some(({ key }) => thumbprint(key) === kid);
  }

  /**
   * The key that was in force at a time; of two that may have been, the one named.
   * @throws Failure ORGANISATION_UNKNOWN
   */
  at(organisation: string, kid: string, time: number): P256Key {
    const all = this.of(organisation);
    const inForce = all.filter(
      ({ since }, at) =>
        since <= time + TOLERANCE && (all[at + 1]?.since ?? Number.POSITIVE_INFINITY) >= time - TOLERANCE,
    );
    const named = inForce.find(({ key }) => thumbprint(key) === kid) ?? inForce.at(-1);
    if (!named) throw new Failure('ORGANISATION_UNKNOWN');
    return named.key;
  }

  private of(organisation: string) {
    memberOf(this.founded.genesis, organisation);
    return this.keys.get(organisation) ?? [];
  }

  private succeed({ statement, time, approvals }: Succession, since: number): void {
    if (!isSucceeding(statement)) throw malformed('payload.act');
    const organisation = ownerOf(statement.payload);
    const { sig } = newMasterKey(statement, { ...this.founded, time: undefined });
    this.check({ statement, time });
    if (statement.payload.act === 'replaceMasterKey') this.checkAgreed(statement, approvals);
    this.of(organisation).push({ key: sig, since });
  }

  private checkAgreed(replacement: Succeeding, approvals: readonly Dated[]): void {
    const organisation = ownerOf(replacement.payload);
    const { of, need } = replacers(this.founded.genesis, organisation);
    const request = fingerprintOf({ kind: 'master-key', organisation, replacement: replacement.id });
    const agreed = new Set([replacement.payload.iss]);
    for (const one of approvals) {
      const { payload } = one.statement;
      if (payload.act !== 'approve' || payload.request !== request || !of.includes(payload.iss)) continue;
      this.check(one);
      agreed.add(payload.iss);
    }
    if (agreed.size < need) throw new Failure('APPROVALS_MISSING');
  }

  /** @throws Failure unless the issuer's master key of that time signed */
  private check({ statement, time }: Dated): void {
    const { network, checks } = this.founded;
    checkSignature(statement, this.at(statement.payload.iss, statement.kid, time), network, checks);
  }
}

const ownerOf = (payload: Succeeding['payload']) =>
  payload.act === 'replaceMasterKey' ? payload.organisation : payload.iss;

function isSucceeding(statement: ReadStatement): statement is Succeeding {
  const { act } = statement.payload;
  return act === 'rotateMasterKey' || act === 'replaceMasterKey';
}
