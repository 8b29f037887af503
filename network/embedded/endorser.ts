import type { KeyObject } from 'node:crypto';
import { status } from '@grpc/grpc-js';
import { peer } from '@hyperledger/fabric-protos';
import { admit, EndorserFailure } from './admission.ts';
import type { Chain } from './chain.ts';
import type { ChaincodeConnection } from './chaincode-connection.ts';
import type { Identity, Membership } from './membership.ts';
import { CHAINCODE_VERSION, type Proposal, proposalHash } from './proposal.ts';
import { signLowS } from './signature.ts';
import { Simulation } from './simulation.ts';
import { querySystem, SYSTEM_QUERIES } from './system-queries.ts';

/** A care member's peer: its serialised certificate and its key. */
export interface EndorsingPeer {
  readonly mspId: string;
  readonly creator: Uint8Array;
  readonly key: KeyObject;
}

export interface Simulated {
  readonly response: peer.Response;
  /** The bytes that endorsers sign. */
  readonly payload: Uint8Array;
}

/** Checks proposals, runs the chaincode once and signs what it did for each peer asked. */
export class Endorser {
  readonly #membership: Membership;
  readonly #chain: Chain;
  readonly #chaincode: ChaincodeConnection;

  constructor(membership: Membership, chain: Chain, chaincode: ChaincodeConnection) {
    this.#membership = membership;
    this.#chain = chain;
    this.#chaincode = chaincode;
  }

  /** Runs a proposal. @throws EndorserFailure as one peer would refuse it or fail. */
  async process(proposal: Proposal): Promise<Simulated> {
    const identity = admit(proposal, this.#membership);
    if (this.#chain.state.place(proposal.txId)) {
      const creator = Buffer.from(proposal.signatureHeader.getCreator_asU8()).toString('hex');
      const message = `duplicate transaction found [${proposal.txId}]. Creator [${creator}]`;
      throw new EndorserFailure(status.FAILED_PRECONDITION, message, false);
    }
    const simulated = await this.#simulate(proposal, identity);
    const code = simulated.response.getStatus();
    if (code < 200 || code >= 400) {
      const message = `chaincode response ${code}, ${simulated.response.getMessage()}`;
      throw new EndorserFailure(status.UNKNOWN, message, false);
    }
    return simulated;
  }

  /** A peer's endorsement: its signature over the payload and its own identity. */
  endorse(payload: Uint8Array, by: EndorsingPeer): peer.Endorsement {
    const endorsement = new peer.Endorsement();
    endorsement.setEndorser(by.creator);
    endorsement.setSignature(signLowS(by.key, Buffer.concat([payload, by.creator])));
    return endorsement;
  }

  async #simulate(proposal: Proposal, identity: Identity): Promise<Simulated> {
    if (proposal.chaincode === SYSTEM_QUERIES) {
      const response = await querySystem(proposal, identity, this.#chain);
      return { response, payload: new Uint8Array() };
    }
    const simulation = new Simulation(this.#chain.state, proposal.txId);
    try {
      const { response, event } = await this.#chaincode.execute(proposal, simulation);
      const results = simulation.results(proposal.chaincode);
      return { response, payload: responsePayload(proposal, response, results, event) };
    } catch (error) {
      throw new EndorserFailure(status.ABORTED, `error in simulation: ${(error as Error).message}`, true);
    } finally {
      await simulation.close();
    }
  }
}

function responsePayload(
  proposal: Proposal,
  response: peer.Response,
  results: Uint8Array,
  event: peer.ChaincodeEvent | undefined,
): Uint8Array {
  const id = new peer.ChaincodeID();
  id.setName(proposal.chaincode);
  id.setVersion(CHAINCODE_VERSION);
  const action = new peer.ChaincodeAction();
  action.setResults(results);
  action.setResponse(response);
  action.setChaincodeId(id);
  if (event) action.setEvents(event.serializeBinary());
  const { header, publicPayload } = proposal;
  const payload = new peer.ProposalResponsePayload();
  payload.setProposalHash(
    proposalHash(header.getChannelHeader_asU8(), header.getSignatureHeader_asU8(), publicPayload),
  );
  payload.setExtension$(action.serializeBinary());
  return payload.serializeBinary();
}
