import { common, peer } from '@hyperledger/fabric-protos';
import type { Chain } from './chain.ts';
import { CARE_READERS_ONLY } from './commit-status.ts';
import type { Identity } from './membership.ts';
import type { Proposal } from './proposal.ts';

/** Fabric's query system chaincode, the one system chaincode served. */
export const SYSTEM_QUERIES = 'qscc';

type Query = (chain: Chain, argument: string, bytes: Uint8Array) => Promise<Uint8Array>;

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
    if (!/^\d{1,15}$/.test(argument)) {
      const reason = `strconv.ParseUint: parsing "${argument}": invalid syntax`;
      throw new Error(`Failed to parse block number with error ${reason}`);
    }
    const number = Number(argument);
    if (number >= chain.height) {
      throw new Error(
        `Failed to get block number ${number}, error no such block number [${number}] in index`,
      );
    }
    return chain.block(number);
  },
  GetBlockByHash: async (chain, argument, bytes) => {
    const hash = Buffer.from(bytes).toString('hex');
    const number = chain.state.numberOf(hash);
    if (number !== undefined) return chain.block(number);
    throw new Error(`Failed to get block hash ${argument}, error no such block hash [${hash}] in index`);
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
  const args = proposal.input?.getArgsList_asU8() ?? [];
  const [name = '', channel = '', argument] = args.map((bytes) => Buffer.from(bytes).toString());
  const response = new peer.Response();
  try {
    if (args.length < 2) throw new Error(`Incorrect number of arguments, ${args.length}`);
    if (channel !== proposal.channel) throw new Error(`Invalid chain ID, ${channel}`);
    const query = Object.hasOwn(QUERIES, name) ? QUERIES[name] : undefined;
    if (!query) {
      throw new Error(`access denied for [${name}][${channel}]: [Unmapped policy for qscc/${name}]`);
    }
    if (argument === undefined && name !== 'GetChainInfo')
      throw new Error(`missing 3rd argument for ${name}`);
    if (!identity.care) {
      throw new Error(`access denied for [${name}][${channel}]: [${CARE_READERS_ONLY}]`);
    }
    response.setPayload(await query(chain, argument ?? '', args[2] ?? new Uint8Array()));
    response.setStatus(200);
  } catch (error) {
    response.setStatus(500);
    response.setMessage((error as Error).message);
  }
  return response;
}
