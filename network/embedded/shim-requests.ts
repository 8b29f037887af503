import { ledger, peer } from '@hyperledger/fabric-protos';
import type { RangePage, Simulation } from './simulation.ts';

const { Type } = peer.ChaincodeMessage;
const NOTHING = new Uint8Array();

/** Answers one request of a running chaincode. What it throws goes to the chaincode as an ERROR message. */
export async function answerShim(
  request: peer.ChaincodeMessage,
  simulation: Simulation,
): Promise<Uint8Array> {
  const payload = request.getPayload_asU8();
  switch (request.getType()) {
    case Type.GET_STATE: {
      const get = peer.GetState.deserializeBinary(payload);
      requirePublic(get.getCollection());
      return simulation.get(get.getKey()) ?? NOTHING;
    }
    case Type.GET_STATE_MULTIPLE: {
      const get = peer.GetStateMultiple.deserializeBinary(payload);
      requirePublic(get.getCollection());
      const result = new peer.GetStateMultipleResult();
      for (const key of get.getKeysList()) result.addValues(simulation.get(key) ?? NOTHING);
      return result.serializeBinary();
    }
    case Type.PUT_STATE: {
      const put = peer.PutState.deserializeBinary(payload);
      requirePublic(put.getCollection());
      simulation.write(put.getKey(), put.getValue_asU8());
      return NOTHING;
    }
    case Type.DEL_STATE: {
      const del = peer.DelState.deserializeBinary(payload);
      requirePublic(del.getCollection());
      simulation.write(del.getKey(), null);
      return NOTHING;
    }
    case Type.GET_STATE_METADATA:
      requirePublic(peer.GetStateMetadata.deserializeBinary(payload).getCollection());
      return new peer.StateMetadataResult().serializeBinary();
    case Type.GET_STATE_BY_RANGE:
      return openRange(peer.GetStateByRange.deserializeBinary(payload), simulation);
    case Type.QUERY_STATE_NEXT: {
      const next = peer.QueryStateNext.deserializeBinary(payload);
      return pageMessage(await simulation.nextPortion(next.getId()));
    }
    case Type.QUERY_STATE_CLOSE:
      return closeRange(peer.QueryStateClose.deserializeBinary(payload).getId(), simulation);
    case Type.INVOKE_CHAINCODE: {
      const name = peer.ChaincodeSpec.deserializeBinary(payload).getChaincodeId()?.getName();
      throw new Error(
        `execute failed: invalid invocation: [channel ${request.getChannelId()}] ` +
          `failed to get chaincode container info for ${name}: chaincode ${name} not found`,
      );
    }
    default:
      throw new Error(UNSERVED.get(request.getType()) ?? `message type ${request.getType()} is not served`);
  }
}

/** What a peer offers and this stand-in does not, each with a sentence for the chaincode's author. */
const UNSERVED = new Map<number, string>([
  [Type.GET_HISTORY_FOR_KEY, 'history database is not enabled'],
  [Type.GET_QUERY_RESULT, 'ExecuteQuery not supported for leveldb'],
  [Type.PUT_STATE_METADATA, 'state-based endorsement is not supported by the embedded ledger'],
  [Type.GET_PRIVATE_DATA_HASH, 'private data collections are not supported by the embedded ledger'],
  [Type.PURGE_PRIVATE_DATA, 'private data collections are not supported by the embedded ledger'],
]);

function requirePublic(collection: string): void {
  if (collection !== '') throw new Error(UNSERVED.get(Type.GET_PRIVATE_DATA_HASH));
}

async function openRange(request: peer.GetStateByRange, simulation: Simulation): Promise<Uint8Array> {
  requirePublic(request.getCollection());
  const metadata = request.getMetadata_asU8();
  if (metadata.length === 0) {
    return pageMessage(await simulation.openRange(request.getStartkey(), request.getEndkey()));
  }
  const query = peer.QueryMetadata.deserializeBinary(metadata);
  const page = { size: query.getPagesize(), bookmark: query.getBookmark() };
  return pageMessage(await simulation.openRange(request.getStartkey(), request.getEndkey(), page));
}

async function closeRange(id: string, simulation: Simulation): Promise<Uint8Array> {
  await simulation.closeRange(id);
  const response = new peer.QueryResponse();
  response.setId(id);
  return response.serializeBinary();
}

function pageMessage(page: RangePage): Uint8Array {
  const response = new peer.QueryResponse();
  response.setId(page.id);
  response.setHasMore(page.hasMore);
  for (const entry of page.entries) {
    const pair = new ledger.queryresult.KV();
    pair.setKey(entry.key.toString());
    pair.setValue(entry.value);
    response.addResults().setResultbytes(pair.serializeBinary());
  }
  if (page.bookmark !== undefined) {
    const metadata = new peer.QueryResponseMetadata();
    metadata.setBookmark(page.bookmark);
    metadata.setFetchedRecordsCount(page.entries.length);
    response.setMetadata(metadata.serializeBinary());
  }
  return response.serializeBinary();
}
