import type { ConnectOptions, Contract, Network } from '@hyperledger/fabric-gateway';
import type { common } from '@hyperledger/fabric-protos';
import { type CertificateRequest, type Credential, issueCertificate } from '../../network/certificates.ts';
import { careMembers, DEMO_CONSORTIUM } from '../../network/consortium.ts';
import { type Connection, connectWith } from '../support/ledger.ts';
import { openHeader, RawClient } from '../support/raw-client.ts';
import type { LedgerUnderTest } from './ledger-under-test.ts';
import { codeName, failure } from './outcome.ts';

export const CARE = careMembers(DEMO_CONSORTIUM).map(({ id }) => id);

/** Everybody who speaks to the ledger in a case, and what they do most. */
export class Callers {
  private readonly open: (Connection | RawClient)[] = [];
  private readonly rawClients = new Map<string, RawClient>();

  constructor(readonly ledger: LedgerUnderTest) {}

  /** fabric-gateway, unmodified, in an organisation's name. */
  as(organisation = 'RiversideMSP', options: Partial<ConnectOptions> = {}): Connection {
    return this.kept(connectWith(this.ledger.access(organisation), organisation, options));
  }

  contract(organisation?: string, options?: Partial<ConnectOptions>): Contract {
    return this.as(organisation, options).contract;
  }

  network(organisation?: string): Network {
    return this.as(organisation).gateway.getNetwork('records');
  }

  /** Hand-made messages, in an organisation's name and with its gateway's credential. */
  raw(organisation = 'RiversideMSP'): RawClient {
    const known = this.rawClients.get(organisation);
    if (known) return known;
    const made = this.rawWith(organisation, this.ledger.credential(organisation, 'client'), organisation);
    this.rawClients.set(organisation, made);
    return made;
  }

  /** The same with any credential; strangers come to Riverside's peer. */
  rawWith(mspId: string, credential: Credential, at = 'RiversideMSP'): RawClient {
    return this.kept(new RawClient(this.ledger.access(at), mspId, credential));
  }

  /** Somebody with a fresh certificate of an organisation's own authority. */
  async issued(request: Partial<CertificateRequest>, organisation = 'RiversideMSP'): Promise<RawClient> {
    const authority = this.ledger.credential(organisation, 'authority');
    const notBefore = new Date(Date.now() - 60_000);
    const words = { commonName: 'somebody', organisation: 'Riverside Hospital', notBefore, ...request };
    return this.rawWith(organisation, await issueCertificate(authority, words));
  }

  evaluate(...args: string[]): Promise<string> {
    const raw = this.raw();
    return raw.evaluate(raw.propose({ args }));
  }

  endorse(args: readonly string[], organisations: string[] = []): Promise<common.Envelope> {
    const raw = this.raw();
    return raw.endorse(raw.propose({ args }), organisations);
  }

  /** Submits and gives the validation code's name, once every peer has the block. */
  async commit(envelope: common.Envelope): Promise<string> {
    await this.raw().submit(envelope).catch(unlessItWasTaken);
    return this.outcome(openHeader(envelope).getTxId());
  }

  async outcome(txId: string): Promise<string> {
    const ends = { deadline: Date.now() + 10_000 };
    const ask = (organisation: string) => this.raw(organisation).outcome(txId, 'records', ends);
    const codes = await Promise.all(CARE.map(ask));
    return codeName(codes[0]!);
  }

  async write(...args: string[]): Promise<string> {
    return this.commit(await this.endorse(args));
  }

  close(): void {
    for (const one of this.open.splice(0)) one.close();
    this.rawClients.clear();
  }

  private kept<Caller extends Connection | RawClient>(caller: Caller): Caller {
    this.open.push(caller);
    return caller;
  }
}

/** With SmartBFT a transaction may be delivered before the gateway asks another orderer, which then refuses it. */
function unlessItWasTaken(error: unknown): void {
  if (!JSON.stringify(failure(error)).includes('request already processed')) throw error;
}
