import { status } from '@grpc/grpc-js';
import { gateway, type peer } from '@hyperledger/fabric-protos';
import { EndorserFailure } from './admission.ts';
import type { Endorser, EndorsingPeer, Simulated } from './endorser.ts';
import { type FailureDetail, RpcFailure } from './failure.ts';
import { unknownChannel } from './ordering.ts';
import { assembleTransaction, type Proposal, parseProposal } from './proposal.ts';
import { SYSTEM_QUERIES } from './system-queries.ts';
import type { TransactionRules } from './transaction.ts';

/** System chaincodes of a peer that this stand-in does not have. */
const UNSERVED = new Set(['cscc', 'lscc', '_lifecycle']);
const NO_COMBINATION = 'no peer combination can satisfy the endorsement policy';

export interface EndorsementParts {
  readonly rules: TransactionRules;
  readonly endorser: Endorser;
  /** The care members' peers that are up. */
  readonly peers: readonly EndorsingPeer[];
  /** MSP id of the peer that an organisation asks. */
  servedBy(mspId: string): string;
  /** The ledger's own host:port, named in error details. */
  readonly address: string;
}

/** Evaluate and Endorse, with the codes, words and details of Fabric's gateway service. */
export class EndorsementService {
  readonly #parts: EndorsementParts;

  constructor(parts: EndorsementParts) {
    this.#parts = parts;
  }

  async evaluate(request: gateway.EvaluateRequest): Promise<gateway.EvaluateResponse> {
    const proposal = unpack(
      request.getProposedTransaction(),
      'failed to unpack transaction proposal: ',
      requireNames,
    );
    if (proposal.channel !== this.#parts.rules.channel) {
      throw new RpcFailure(status.UNAVAILABLE, unknownChannel(proposal.channel));
    }
    requireServed(proposal.chaincode);
    const peers = this.#peersFor(proposal, request.getTargetOrganizationsList());
    if (peers.length === 0 || !this.#hasChaincode(proposal.chaincode)) {
      const message = `no peers available to evaluate chaincode ${proposal.chaincode} in channel ${proposal.channel}`;
      throw new RpcFailure(status.FAILED_PRECONDITION, message);
    }
    const { response } = await this.#parts.endorser.process(proposal).catch((error: unknown) => {
      if (!(error instanceof EndorserFailure)) throw error;
      // Fabric's gateway asks peer after peer as long as the failure might be the peer's own.
      const [own, ...others] = peers;
      const details = this.#details([own!], error.message);
      if (!error.retry) {
        const message = `evaluate call to endorser returned error: ${error.message}`;
        throw new RpcFailure(error.code, message, details);
      }
      // What no endorser saw comes from other peers as a failed call.
      const failed = error.code === status.UNAVAILABLE ? 'rpc error: code = Unknown desc = ' : '';
      details.push(...this.#details(others, `${failed}${error.message}`));
      const message = 'failed to evaluate transaction, see attached details for more info';
      throw new RpcFailure(error.code, message, details);
    });
    const result = new gateway.EvaluateResponse();
    result.setResult(response);
    return result;
  }

  async endorse(request: gateway.EndorseRequest): Promise<gateway.EndorseResponse> {
    const signed = request.getProposedTransaction();
    if (!signed?.getProposalBytes_asU8().length) {
      throw new RpcFailure(
        status.INVALID_ARGUMENT,
        'the proposed transaction must contain a signed proposal',
      );
    }
    const proposal = unpack(signed);
    requireServed(proposal.chaincode);
    if (proposal.chaincode === SYSTEM_QUERIES) {
      throw new RpcFailure(status.UNIMPLEMENTED, 'the embedded ledger serves qscc by Evaluate only');
    }
    const named = request.getEndorsingOrganizationsList();
    const peers = named.length > 0 ? this.#namedPeers(proposal, named) : this.#peersFor(proposal, []);
    const simulated = await this.#firstEndorsement(proposal, peers, named.length > 0);
    const enough = named.length > 0 ? peers : peers.slice(0, this.#parts.rules.endorsementsRequired);
    const endorsements = enough.map((by) => this.#parts.endorser.endorse(simulated.payload, by));
    const result = new gateway.EndorseResponse();
    result.setPreparedTransaction(assembleTransaction(proposal, simulated.payload, endorsements));
    return result;
  }

  async #firstEndorsement(
    proposal: Proposal,
    peers: readonly EndorsingPeer[],
    named: boolean,
  ): Promise<Simulated> {
    const { rules, endorser } = this.#parts;
    const { channel, chaincode } = proposal;
    if (channel !== rules.channel || !this.#hasChaincode(chaincode)) {
      throw noPlan(`No metadata was found for chaincode ${chaincode} in channel ${channel}`);
    }
    if (peers.length === 0) throw noPlan(NO_COMBINATION);
    const simulated = await endorser.process(proposal).catch((error: unknown) => {
      if (!(error instanceof EndorserFailure)) throw error;
      const words = named
        ? 'failed to collect enough transaction endorsements'
        : 'failed to endorse transaction';
      const asked = named ? peers : peers.slice(0, 1);
      const message = `${words}, see attached details for more info`;
      throw new RpcFailure(status.ABORTED, message, this.#details(asked, error.message));
    });
    if (!named && peers.length < rules.endorsementsRequired) {
      throw noPlan(NO_COMBINATION);
    }
    return simulated;
  }

  #hasChaincode(name: string): boolean {
    return name === this.#parts.rules.chaincode || name === SYSTEM_QUERIES;
  }

  #namedPeers(proposal: Proposal, organisations: readonly string[]): EndorsingPeer[] {
    const known = this.#hasChaincode(proposal.chaincode) && proposal.channel === this.#parts.rules.channel;
    const up = new Map(known ? this.#parts.peers.map((one) => [one.mspId, one]) : []);
    const absent = organisations.filter((mspId) => !up.has(mspId));
    if (absent.length > 0) {
      const message = `failed to find any endorsing peers for org(s): ${absent.join(', ')}`;
      throw new RpcFailure(status.UNAVAILABLE, message);
    }
    return [...new Set(organisations)].map((mspId) => up.get(mspId)!);
  }

  /** The peers that may be asked, the one that serves the caller first, as its gateway would. */
  #peersFor(proposal: Proposal, targets: readonly string[]): EndorsingPeer[] {
    const allowed = this.#parts.peers.filter((one) => targets.length === 0 || targets.includes(one.mspId));
    const asker = this.#parts.rules.membership.find(proposal.signatureHeader.getCreator_asU8());
    const first = asker && this.#parts.servedBy(asker.mspId);
    return allowed.toSorted((one, other) => Number(other.mspId === first) - Number(one.mspId === first));
  }

  #details(peers: readonly EndorsingPeer[], message: string): FailureDetail[] {
    return peers.map((one) => ({ address: this.#parts.address, mspId: one.mspId, message }));
  }
}

/** @throws RpcFailure with what `check` or the decoder says, behind the prefix. */
function unpack(
  signed: peer.SignedProposal | undefined,
  prefix = '',
  check?: (proposal: Proposal) => void,
): Proposal {
  try {
    const proposal = parseProposal(signed);
    check?.(proposal);
    return proposal;
  } catch (error) {
    throw new RpcFailure(status.INVALID_ARGUMENT, `${prefix}${(error as Error).message}`);
  }
}

/** What is to be evaluated must name its channel and chaincode. */
function requireNames({ channel, chaincode, input }: Proposal): void {
  if (channel === '') throw new Error('no channel id provided');
  const missing = input ? 'name' : 'spec';
  if (chaincode === '') throw new Error(`no chaincode ${missing} is provided, channel id [${channel}]`);
}

function requireServed(chaincode: string): void {
  if (!UNSERVED.has(chaincode)) return;
  throw new RpcFailure(status.UNIMPLEMENTED, `the embedded ledger has no system chaincode ${chaincode}`);
}

function noPlan(reason: string): RpcFailure {
  const message = `no combination of peers can be derived which satisfy the endorsement policy: ${reason}`;
  return new RpcFailure(status.FAILED_PRECONDITION, message);
}
