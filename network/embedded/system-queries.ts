import { common, peer } from '@hyperledger/fabric-protos';
import { policyFailure } from './admission.ts';
import type { Chain } from './chain.ts';
import type { Identity } from './membership.ts';
import type { Proposal } from './proposal.ts';

/** Fabric's query system chaincode, the one system chaincode served. */
export const SYSTEM_QUERIES = 'qscc';

type Query = (chain: Chain, argument: string) => Promise<Uint8Array>;

const QUERIES: Record<string, Query> = {
  GetChainInfo: async (chain) => {
    const header = await chain.header(chain.height - 1);
    const info = new common.BlockchainInfo();
    info.setHeight(chain.height);
    info.setCurrentblockhash(chain.lastHash);
    info.setPreviousblockhash(header.getPreviousHash_asU8());
    return info.serializeBinary();
  },
  GetBlockByNumber: async (chain, argument) => {
    if (!/^\d{1,15}$/.test(argument)) throw new Error(`Failed to parse block number with error ${argument}`);
    const number = Number(argument);
    if (number >= chain.height) {
      throw new Error(
        `Failed to get block number ${number}, error no such block number [${number}] in index`,
      );
    }
    return chain.block(number);
  },
  GetBlockByTxID: async (chain, txId) => {
    const place = chain.state.place(txId);
    if (!place)
      throw new Error(
        `Failed to get block for txID ${txId}, error no such transaction ID [${txId}] in index`,
      );
    return chain.block(place.block);
  },
  GetTransactionByID: async (chain, txId) => {
    const place = chain.state.place(txId);
    if (!place) {
      throw new Error(
        `Failed to get transaction with id ${txId}, error no such transaction ID [${txId}] in index`,
      );
    }
    const block = common.Block.deserializeBinary(await chain.block(place.block));
    const envelope = block.getData()!.getDataList_asU8()[place.transaction]!;
    const processed = new peer.ProcessedTransaction();
    processed.setTransactionenvelope(common.Envelope.deserializeBinary(envelope));
    processed.setValidationcode(place.code);
    return processed.serializeBinary();
  },
};

/** Answers a system query, for care members only. A refusal is a response with status 500, as the peer's. */
export async function querySystem(
  proposal: Proposal,
  identity: Identity,
  chain: Chain,
): Promise<peer.Response> {
  const [name = '', channel = '', argument] =
    proposal.input?.getArgsList_asU8().map((bytes) => Buffer.from(bytes).toString()) ?? [];
  const response = new peer.Response();
  try {
    if (channel !== proposal.channel) throw new Error(`Invalid chain ID, ${channel}`);
    const query = Object.hasOwn(QUERIES, name) ? QUERIES[name] : undefined;
    if (!query) throw new Error(`Requested function ${name} not found.`);
    if (argument === undefined && name !== 'GetChainInfo')
      throw new Error(`missing 3rd argument for ${name}`);
    if (!identity.care) {
      throw new Error(`access denied for [${name}][${channel}]: [${policyFailure(channel, 'CareReaders')}]`);
    }
    response.setPayload(await query(chain, argument ?? ''));
    response.setStatus(200);
  } catch (error) {
    response.setStatus(500);
    response.setMessage((error as Error).message);
  }
  return response;
}
