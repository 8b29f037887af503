import { checkSignature, checkTime, deviceStanding, memberOf, type ReadStatement } from '@chartkey/rules';
import { nodeSignatureChecks } from '@chartkey/rules/node';
import {
  canonicalJson,
  type Device,
  digest,
  Failure,
  instantAt,
  isCareMember,
  type Member,
  millisecondsOf,
  type NetworkState,
  type P256Key,
  parseCanonical,
  queries,
  type Session,
  type StatementOutcome,
} from '@chartkey/vocabulary';
import { Context } from 'fabric-contract-api';
import type * as z from 'zod';
import { WorldState } from './world-state/world-state.ts';

const queryNames: ReadonlySet<string> = new Set(Object.values(queries));

/** The networks of the channels that this process serves. */
const networks = new Map<string, NetworkState>();

/** A live device session and who stands behind it. */
export interface Asker {
  session: Session;
  device: Device;
  member: Member;
}

/** One transaction: who proposed it, when, what it says, and the world it changes. */
export class RecordsTransaction extends Context {
  readonly checks = nodeSignatureChecks;
  private worldState: WorldState | undefined;

  get world(): WorldState {
    this.worldState ??= new WorldState(this.stub);
    return this.worldState;
  }

  /** MSP id of the gateway that proposed this transaction. */
  get caller(): string {
    return this.clientIdentity.getMSPID();
  }

  /** Ledger time: the proposal's timestamp, milliseconds. */
  get time(): number {
    return this.stub.getDateTimestamp().getTime();
  }

  get id(): string {
    return this.stub.getTxID();
  }

  /**
   * The transaction's input: transient, so that a block holds it once; its digest is the argument.
   * @throws Failure INVALID_TRANSACTION
   */
  input<Shape extends z.ZodType>(shape: Shape, expected: string): z.infer<Shape> {
    const bytes = this.stub.getTransient().get('input');
    if (bytes === undefined || digest(bytes) !== expected) throw new Failure('INVALID_TRANSACTION');
    try {
      return shape.parse(parseCanonical(Buffer.from(bytes).toString('utf8')));
    } catch {
      throw new Failure('INVALID_TRANSACTION');
    }
  }

  /**
   * Written once and never again (`registerConsortium`), so queries keep what was read of a channel. A
   * transaction reads it each time: endorsers must read the same keys, however long each has been running.
   */
  async network(): Promise<NetworkState> {
    const channel = this.stub.getChannelID();
    const kept = queryNames.has(this.stub.getFunctionAndParameters().fcn) ? networks.get(channel) : undefined;
    const known = kept ?? (await this.world.network.require());
    networks.set(channel, known);
    return known;
  }

  /** @throws Failure CARE_MEMBERS_ONLY unless a hospital or a regulator asks */
  async requireCareMember(): Promise<void> {
    const { genesis } = await this.network();
    if (!isCareMember(memberOf(genesis, this.caller).kind)) throw new Failure('CARE_MEMBERS_ONLY');
  }

  /** Checks that the device session may act now, through the gateway that started it. */
  async requireAsker(id: string): Promise<Asker> {
    const session = await this.world.sessions.require(id);
    if (session.startedBy !== this.caller) throw new Failure('SESSION_FOREIGN');
    if (session.subject !== 'device') throw new Failure('END_TO_END_ONLY');
    if (this.time > millisecondsOf(session.until)) throw new Failure('SESSION_EXPIRED');
    const device = await this.world.devices.require(session.id);
    const standing = deviceStanding(device, this.time);
    if (standing !== undefined) throw new Failure(standing);
    const { genesis } = await this.network();
    return { session, device, member: memberOf(genesis, device.organisation) };
  }

  /** Runs a statement's change unless it was accepted before: then its first outcome is answered again. */
  async once(statement: ReadStatement, change: () => Promise<void>): Promise<string> {
    const { id, payload, compact } = statement;
    const first = await this.world.statements.find(id);
    const { transaction, committedAt } = first ?? { transaction: this.id, committedAt: instantAt(this.time) };
    if (first === undefined) {
      await change();
      this.world.statements.put({ statement: compact, transaction, committedAt }, id);
    }
    const outcome: StatementOutcome = {
      act: payload.act,
      id,
      transaction,
      committedAt,
      repeated: first !== undefined,
    };
    return canonicalJson(outcome);
  }

  /** Accepts a statement from a key: signature, audience, time, and the sequence where it has one. */
  async accept(statement: ReadStatement, key: P256Key): Promise<void> {
    const { network } = await this.network();
    checkSignature(statement, key, network, this.checks);
    checkTime(statement, this.time);
    const { payload } = statement;
    if (!('seq' in payload)) return;
    const expected = await this.nextSeq(payload.iss);
    if (payload.seq !== expected) throw new Failure('STALE_SEQUENCE', { expected });
    this.world.sequences.put({ last: expected }, payload.iss);
  }

  /** The sequence number that a signer's next statement must have. */
  async nextSeq(signer: string): Promise<number> {
    return ((await this.world.sequences.find(signer))?.last ?? 0) + 1;
  }
}
