import { AcceptedStatement, digest, type Genesis, networkId, WellKnown } from '@chartkey/vocabulary';
import type { Practice } from './assertion.ts';
import { type Call, Calls, type CallsOptions } from './calls.ts';
import { Device } from './device.ts';
import { Practitioner, type PractitionerOptions } from './emergency.ts';
import type { Keys, Signer } from './keys.ts';
import { MasterKey, type MasterKeyOptions } from './master-key.ts';
import { Patient, type PatientOptions } from './patient.ts';
import { UnexpectedAnswer, WrongGateway } from './problems.ts';
import { Regulator } from './regulator.ts';

export interface ConnectOptions extends CallsOptions {
  /** the network id that must be found; pin it in every app, since everything rests on it */
  network?: string;
  /** false to reach a gateway at another address than the genesis document names */
  checkAddress?: boolean;
}

/** Who acts through a gateway: a device's practice, its organisation being the gateway's unless given. */
export type Acting = Omit<Practice, 'organisation'> & { organisation?: string };

const loopback = new Set(['localhost', '127.0.0.1', '[::1]']);

/**
 * Learns which network a gateway belongs to, and checks what it says: the genesis document hashes to the
 * network id, names this organisation, and gives it this address.
 * @throws WrongGateway when one of these does not hold, or the address is not safe to send tokens to
 */
export async function connect(url: string, options: ConnectOptions = {}): Promise<Gateway> {
  const calls = new Calls(url.replace(/\/+$/, ''), options);
  const { value } = await calls.json(WellKnown, {
    method: 'GET',
    path: '/.well-known/chartkey',
    headers: { Accept: 'application/json' },
  });
  const gateway = new Gateway(calls, value);
  const { protocol, hostname } = new URL(calls.url);
  const refuse = (why: string): never => {
    throw new WrongGateway(`${calls.url}: ${why}`);
  };
  if (networkId(value.genesis) !== value.network)
    refuse('the genesis document is not that of its network id');
  if (options.network !== undefined && options.network !== value.network) {
    refuse(`it belongs to network ${value.network}, not to ${options.network}`);
  }
  if (options.checkAddress !== false && gateway.member.url.replace(/\/+$/, '') !== calls.url) {
    refuse(`the genesis document says ${gateway.member.url}`);
  }
  if (protocol !== 'https:' && !(value.genesis.demo && loopback.has(hostname))) {
    refuse('only a demo network on this machine is spoken to without TLS');
  }
  return gateway;
}

/** One organisation's gateway, as `connect` found it. */
export class Gateway {
  readonly url: string;
  readonly network: string;
  readonly ledger: WellKnown['ledger'];
  /** MSP id of the organisation whose gateway this is */
  readonly organisation: string;
  readonly genesis: Genesis;
  readonly member: Genesis['organisations'][number];
  readonly tokenUrl: string;

  constructor(
    readonly calls: Calls,
    found: WellKnown,
  ) {
    const member = found.genesis.organisations.find((one) => one.id === found.organisation);
    if (!member) throw new WrongGateway(`${calls.url}: ${found.organisation} is not a member of its network`);
    this.url = calls.url;
    this.network = found.network;
    this.ledger = found.ledger;
    this.organisation = found.organisation;
    this.genesis = found.genesis;
    this.member = member;
    this.tokenUrl = member.tokenUrl;
  }

  /** Acts as an approved device, for one practitioner, role and purposes. */
  device(signer: Signer, acting: Acting): Device {
    return new Device(this, signer, { organisation: this.organisation, ...acting });
  }

  /** Acts as a regulator's device. */
  regulator(signer: Signer, acting: Acting): Regulator {
    return new Regulator(this, signer, { organisation: this.organisation, ...acting });
  }

  /** Acts as a practitioner with a key of its own, on a device of its organisation. */
  practitioner(signer: Signer, on: Device, options: PractitionerOptions = {}): Practitioner {
    return new Practitioner(on, signer, options);
  }

  /** Acts as the patient who holds these keys. */
  patient(keys: Keys, options: PatientOptions = {}): Patient {
    return new Patient(this, keys, options);
  }

  /** Orders with an organisation's master key; the gateway's organisation unless another is named. */
  masterKey(signer: Signer, options: MasterKeyOptions & { organisation?: string } = {}): MasterKey {
    return new MasterKey(this, options.organisation ?? this.organisation, signer, options);
  }

  /**
   * Sends a statement, which carries its own authority; the same one again has the same outcome.
   * @param carried.transaction where another gateway says that it stands already: this one waits for its own peer
   */
  submit(statement: string, carried: { transaction?: string } = {}): Promise<AcceptedStatement> {
    return this.accept(statement, { ...this.statementCall(statement), query: carried });
  }

  /** The request that hands a statement in. */
  statementCall(statement: string): Call {
    const headers = { 'Content-Type': 'application/jose', Accept: 'application/json' };
    return { method: 'POST', path: '/v1/statements', headers, body: () => statement };
  }

  /** The outcome of this very statement: an app that kept another id as its grant’s would revoke that one. @throws UnexpectedAnswer */
  async accept(statement: string, call: Call): Promise<AcceptedStatement> {
    const { value } = await this.calls.json(AcceptedStatement, call);
    if (value.id === digest(statement.slice(0, statement.lastIndexOf('.')))) return value;
    throw new UnexpectedAnswer(this.calls.urlOf(call), 'it is about another statement');
  }
}
