import { common, ledger, peer } from '@hyperledger/fabric-protos';
import type { Callers } from '../callers.ts';
import {
  change,
  endorsement,
  forge,
  forgeResponse,
  namespaceWrite,
  type Parts,
  takeApart,
} from '../forgery.ts';
import type { Cases } from '../groups.ts';
import { type Json, outcomeOf } from '../outcome.ts';

const garbage = Uint8Array.from([0xff, 0xff]);
const PUT = ['put', 'validated', 'honest'];

/** Commits an endorsed transaction after a change that the client makes. */
async function changed(callers: Callers, edit: (parts: Parts) => void): Promise<Json> {
  return outcomeOf(callers.commit(change(await callers.endorse(PUT), edit)));
}

/** Commits one that three colluding endorsers made. */
async function forged(callers: Callers, edit: (parts: Parts) => void): Promise<Json> {
  return outcomeOf(callers.commit(forge(callers, await callers.endorse(PUT), edit)));
}

function editSets(
  parts: Parts,
  edit: (sets: ledger.rwset.NsReadWriteSet[]) => ledger.rwset.NsReadWriteSet[],
) {
  const results = ledger.rwset.TxReadWriteSet.deserializeBinary(parts.chaincodeAction.getResults_asU8());
  results.setNsRwsetList(edit(results.getNsRwsetList()));
  parts.chaincodeAction.setResults(results.serializeBinary());
}

function event(parts: Parts, chaincode: string): void {
  const made = new peer.ChaincodeEvent();
  made.setChaincodeId(chaincode);
  made.setTxId(parts.channelHeader.getTxId());
  made.setEventName('Forged');
  parts.chaincodeAction.setEvents(made.serializeBinary());
}

/** What a block says of transactions that are not as an honest client and honest endorsers make them. */
export const validation: Cases = {
  'endorsements of two care members are too few, of any three enough': async (callers) => ({
    two: await callers.commit(await callers.endorse(PUT, ['RiversideMSP', 'LakesideMSP'])),
    three: await callers.commit(await callers.endorse(PUT, ['HilltopMSP', 'LakesideMSP', 'RegulatorMSP'])),
  }),

  'an endorsement counts once, a damaged one not at all, and the rest still count': async (callers) => ({
    thrice: await changed(callers, ({ endorsed }) => {
      const [first] = endorsed.getEndorsementsList();
      endorsed.setEndorsementsList([first!, first!, first!]);
    }),
    damaged: await changed(callers, ({ endorsed }) => {
      const [first] = endorsed.getEndorsementsList();
      const signature = first!.getSignature_asU8().slice();
      signature[20]! ^= 1;
      first!.setSignature(signature);
    }),
    oneTooMany: await changed(callers, ({ endorsed }) => {
      endorsed.addEndorsements(new peer.Endorsement());
    }),
    none: await changed(callers, ({ endorsed }) => {
      endorsed.setEndorsementsList([]);
    }),
  }),

  'who endorses must be a peer of a care member': async (callers) => {
    const by = (members: readonly (readonly [string, 'client' | 'peer'])[]) =>
      changed(callers, ({ endorsed }) => {
        const response = endorsed.getProposalResponsePayload_asU8();
        endorsed.setEndorsementsList(members.map(([id, whose]) => endorsement(callers, id, whose, response)));
      });
    return {
      clients: await by(['RiversideMSP', 'LakesideMSP', 'HilltopMSP'].map((id) => [id, 'client'] as const)),
      withAThirdParty: await by([
        ['RiversideMSP', 'peer'],
        ['LakesideMSP', 'peer'],
        ['InsurerMSP', 'client'],
      ]),
      peers: await by(['RiversideMSP', 'LakesideMSP', 'HilltopMSP'].map((id) => [id, 'peer'] as const)),
    };
  },

  'a result changed after endorsement does not stand': async (callers) => {
    const code = await changed(callers, ({ endorsed }) => {
      const bytes = Buffer.from(endorsed.getProposalResponsePayload_asU8());
      bytes.write('crooks', bytes.indexOf('honest'));
      endorsed.setProposalResponsePayload(bytes);
    });
    return { code, value: await callers.evaluate('get', 'validated') };
  },

  'an action must be of its own proposal, and there must be one': async (callers) => {
    const other = takeApart(await callers.endorse(['put', 'validated', 'other']));
    return {
      anothers: await changed(callers, (parts) => {
        parts.endorsed = other.endorsed;
        parts.actionPayload = other.actionPayload;
      }),
      none: await changed(callers, ({ payload, transaction }) => {
        transaction.setActionsList([]);
        payload.setData(transaction.serializeBinary());
      }),
      two: await changed(callers, ({ transaction, action }) => {
        transaction.setActionsList([action, action]);
      }),
      otherCreator: await changed(callers, ({ action, signatureHeader }) => {
        const header = common.SignatureHeader.deserializeBinary(signatureHeader.serializeBinary());
        header.setNonce(Buffer.alloc(24, 7));
        action.setHeader(header.serializeBinary());
      }),
      noHeader: await changed(callers, ({ action }) => action.setHeader('')),
      transient: await changed(callers, ({ actionPayload }) => {
        const payload = peer.ChaincodeProposalPayload.deserializeBinary(
          actionPayload.getChaincodeProposalPayload_asU8(),
        );
        payload.getTransientmapMap().set('added', Buffer.from('later'));
        actionPayload.setChaincodeProposalPayload(payload.serializeBinary());
      }),
    };
  },

  'a header must be whole and true': async (callers) => ({
    otherId: await changed(callers, ({ channelHeader }) => channelHeader.setTxId('f'.repeat(64))),
    noId: await changed(callers, ({ channelHeader }) => channelHeader.setTxId('')),
    epoch: await changed(callers, ({ channelHeader }) => channelHeader.setEpoch(7)),
    noNonce: await changed(callers, ({ signatureHeader }) => signatureHeader.setNonce('')),
    extension: await changed(callers, ({ channelHeader }) => channelHeader.setExtension$(garbage)),
    noExtension: await changed(callers, ({ channelHeader }) => channelHeader.setExtension$('')),
    otherChaincode: await changed(callers, ({ channelHeader, extension }) => {
      extension.getChaincodeId()!.setName('elsewhere');
      channelHeader.setExtension$(extension.serializeBinary());
    }),
  }),

  'colluding endorsers cannot name another chaincode, version, namespace or event': async (callers) => ({
    asItWas: await forged(callers, () => undefined),
    otherChaincode: await forged(callers, ({ chaincodeAction }) => {
      chaincodeAction.getChaincodeId()!.setName('elsewhere');
    }),
    otherVersion: await forged(callers, ({ chaincodeAction }) => {
      chaincodeAction.getChaincodeId()!.setVersion('other');
    }),
    noChaincode: await forged(callers, ({ chaincodeAction }) => chaincodeAction.setChaincodeId(undefined)),
    otherNamespace: await forged(callers, (parts) =>
      editSets(parts, () => [namespaceWrite('elsewhere', 'k')]),
    ),
    alsoAnother: await forged(callers, (parts) =>
      editSets(parts, (sets) => [...sets, namespaceWrite('elsewhere', 'k')]),
    ),
    twice: await forged(callers, (parts) => editSets(parts, (sets) => [...sets, ...sets])),
    event: await forged(callers, (parts) => event(parts, 'elsewhere')),
    eventOfOurs: await forged(callers, (parts) => event(parts, 'records')),
    eventGarbage: await forged(callers, ({ chaincodeAction }) => chaincodeAction.setEvents(garbage)),
  }),

  'what they sign must be readable': async (callers) => {
    const badSet = new ledger.rwset.NsReadWriteSet();
    badSet.setNamespace('records');
    badSet.setRwset(garbage);
    return {
      results: await forged(callers, ({ chaincodeAction }) => chaincodeAction.setResults(garbage)),
      noResults: await forged(callers, ({ chaincodeAction }) => chaincodeAction.setResults('')),
      set: await forged(callers, (parts) => editSets(parts, () => [badSet])),
      failed: await forged(callers, ({ chaincodeAction }) => chaincodeAction.getResponse()!.setStatus(500)),
      noResponse: await forged(callers, ({ chaincodeAction }) => chaincodeAction.setResponse(undefined)),
      hash: await forged(callers, ({ response }) => response.setProposalHash(Buffer.alloc(32))),
      payload: await outcomeOf(callers.commit(forgeResponse(callers, await callers.endorse(PUT), garbage))),
    };
  },
};
