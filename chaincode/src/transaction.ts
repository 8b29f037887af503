import {
  type Author,
  checkIsUnsuspected,
  checkSignature,
  checkTime,
  deviceStanding,
  memberOf,
  patientsAuthor,
  practitionersAuthor,
  type ReadStatement,
  type Signers,
} from '@chartkey/rules';
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
  type Patient,
  type PractitionerKey,
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
    return this.askerIn(session);
  }

  /** Checks that a device's session may act now. */
  async askerIn(session: Session): Promise<Asker> {
    if (this.time > millisecondsOf(session.until)) throw new Failure('SESSION_EXPIRED');
    const device = await this.world.devices.require(session.id);
    const standing = deviceStanding(device, this.time);
    if (standing !== undefined) throw new Failure(standing);
    const { genesis } = await this.network();
    return { session, device, member: memberOf(genesis, device.organisation) };
  }

  /**
   * Runs a statement's change unless it was accepted before: then its first outcome is answered again.
   * @param change answers what stood about the patient it is about, if any: who could sign then is kept with it
   */
  async once(statement: ReadStatement, change: () => Promise<Patient | undefined>): Promise<string> {
    const { id, payload, compact } = statement;
    const first = await this.world.statements.find(id);
    const { transaction, committedAt } = first ?? { transaction: this.id, committedAt: instantAt(this.time) };
    if (first === undefined) {
      const links = (await change())?.links;
      const stored = { statement: compact, transaction, committedAt, ...(links !== undefined && { links }) };
      this.world.statements.put(stored, id);
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

  /** Where the keys of those who sign statements are found. */
  async signers(): Promise<Signers> {
    const { network, genesis } = await this.network();
    return {
      network,
      checks: this.checks,
      person: (id) => this.world.patients.find(id),
      practitioner: (key) => this.world.practitioners.find(key),
      masterKey: async (organisation) => {
        const { masterKey } = memberOf(genesis, organisation);
        return (await this.world.masterKeys.find(organisation))?.key ?? masterKey;
      },
    };
  }

  /** Accepts a statement by an organisation's master key. */
  async acceptFromMaster(statement: ReadStatement): Promise<void> {
    const signers = await this.signers();
    checkSignature(
      statement,
      await signers.masterKey(statement.payload.iss, statement.kid),
      signers.network,
      this.checks,
    );
    await this.accept(statement);
  }

  /** Accepts a statement about a patient by one of its keys or delegates. */
  async acceptFromPatient(statement: ReadStatement, patient: Patient): Promise<Author> {
    const author = await patientsAuthor(statement, patient, await this.signers(), this.time);
    checkIsUnsuspected(patient, author, statement.payload.act, this.time);
    await this.accept(statement);
    return author;
  }

  /** Accepts a statement by a practitioner's own key. */
  async acceptFromPractitioner(statement: ReadStatement): Promise<PractitionerKey> {
    const { key } = await practitionersAuthor(statement, await this.signers(), this.time);
    await this.accept(statement);
    return key;
  }

  /** Accepts a statement whose signature was checked: its time, and its sequence where it has one. */
  async accept(statement: ReadStatement): Promise<void> {
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
