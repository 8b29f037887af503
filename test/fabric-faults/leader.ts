import { common } from '@hyperledger/fabric-protos';
import { BinaryReader } from 'google-protobuf';
import { careMembers, DEMO_CONSORTIUM, type Member } from '../../network/consortium.ts';
import type { ConsortiumRun } from '../../network/demo/consortium-run.ts';
import { ledgerAccess } from '../../network/ledger-access.ts';
import { connectWith } from '../support/ledger.ts';

const VIEW_ID = 1;

/**
 * Whose orderer leads. The newest block's metadata holds SmartBFT's view; leaders do not rotate on our channel
 * (configtxgen's default), so view v is led by consenter v modulo their number, in the order of their ids.
 */
export async function leader({ dataDir }: ConsortiumRun, asked = 'RegulatorMSP'): Promise<Member> {
  const { channel } = DEMO_CONSORTIUM;
  const { gateway, close } = connectWith(ledgerAccess(dataDir, asked), asked);
  try {
    const qscc = gateway.getNetwork(channel).getContract('qscc');
    const info = common.BlockchainInfo.deserializeBinary(
      await qscc.evaluateTransaction('GetChainInfo', channel),
    );
    const newest = `${info.getHeight() - 1}`;
    const block = common.Block.deserializeBinary(
      await qscc.evaluateTransaction('GetBlockByNumber', channel, newest),
    );
    const consenters = careMembers(DEMO_CONSORTIUM);
    return consenters[viewOf(block) % consenters.length]!;
  } finally {
    close();
  }
}

function viewOf(block: common.Block): number {
  const signed = block.getMetadata()?.getMetadataList_asU8()[common.BlockMetadataIndex.SIGNATURES];
  const metadata = common.Metadata.deserializeBinary(signed ?? new Uint8Array());
  const ofOrderers = common.OrdererBlockMetadata.deserializeBinary(metadata.getValue_asU8());
  // smartbftprotos.ViewMetadata; an absent number is 0
  const reader = new BinaryReader(ofOrderers.getConsenterMetadata_asU8());
  while (reader.nextField()) {
    if (reader.getFieldNumber() === VIEW_ID) return reader.readUint64();
    reader.skipField();
  }
  return 0;
}
