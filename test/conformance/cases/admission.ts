import { createPublicKey, sign } from 'node:crypto';
import { common, peer } from '@hyperledger/fabric-protos';
import { issueCertificate, makeAuthority } from '../../../network/certificates.ts';
import { verifyLowS } from '../../../network/embedded/signature.ts';
import type { RawClient } from '../../support/raw-client.ts';
import type { RawProposal } from '../../support/raw-messages.ts';
import type { Callers } from '../callers.ts';
import { takeApart } from '../forgery.ts';
import type { Cases } from '../groups.ts';
import { type Json, outcomeOf } from '../outcome.ts';

const DAY_MS = 86_400_000;
const garbage = Uint8Array.from([0xff, 0xff]);

/** What evaluating and endorsing a proposal come to. */
async function both(raw: RawClient, change: Partial<RawProposal> = {}): Promise<Json> {
  const propose = () => raw.propose({ args: ['noop'], ...change });
  return {
    evaluate: await outcomeOf(raw.evaluate(propose())),
    endorse: await outcomeOf(raw.endorse(propose()).then(() => 'endorsed')),
  };
}

async function bothOf(raw: RawClient, signed: peer.SignedProposal | undefined): Promise<Json> {
  return {
    evaluate: await outcomeOf(raw.evaluate(signed)),
    endorse: await outcomeOf(raw.endorse(signed).then(() => 'endorsed')),
  };
}

/** A signature that is right but for its high s; half of OpenSSL's are. */
function highS(bytes: Uint8Array, by: RawClient): Uint8Array {
  const publicKey = createPublicKey(by.key);
  for (;;) {
    const signature = sign('sha256', bytes, by.key);
    if (!verifyLowS(publicKey, bytes, signature)) return signature;
  }
}

function unsigned(callers: Callers, edit: (proposal: peer.Proposal, header: common.Header) => void) {
  const raw = callers.raw();
  const signed = raw.propose({ args: ['noop'] });
  const proposal = peer.Proposal.deserializeBinary(signed.getProposalBytes_asU8());
  const header = common.Header.deserializeBinary(proposal.getHeader_asU8());
  edit(proposal, header);
  const bytes = proposal.serializeBinary();
  signed.setProposalBytes(bytes);
  signed.setSignature(raw.sign(bytes));
  return bothOf(raw, signed);
}

/** Who and what is let in to a chaincode. */
export const admission: Cases = {
  'an unknown channel and no channel': async (callers) => ({
    unknown: await both(callers.raw(), { channel: 'elsewhere' }),
    none: await both(callers.raw(), { channel: '' }),
  }),

  'an unknown chaincode and no chaincode': async (callers) => ({
    unknown: await both(callers.raw(), { chaincode: 'elsewhere' }),
    none: await both(callers.raw(), { chaincode: '' }),
  }),

  'a certificate of an unknown member, or of a member but not issued by it': async (callers) => {
    const authority = await makeAuthority('ca', 'Nobody');
    const words = { commonName: 'x', organisation: 'Nobody', role: 'client' } as const;
    const stranger = await issueCertificate(authority, words);
    return {
      unknownMember: await both(callers.rawWith('NobodyMSP', stranger)),
      notIssued: await both(callers.rawWith('RiversideMSP', stranger)),
      notItsOwn: await both(
        callers.rawWith('LakesideMSP', callers.ledger.credential('RiversideMSP', 'client')),
      ),
      garbage: await both(callers.rawWith('RiversideMSP', { ...stranger, certificate: 'garbage' })),
    };
  },

  'a certificate of a client, an administrator, a peer, an authority, and of no role': async (callers) => ({
    client: await both(await callers.issued({ role: 'client' })),
    administrator: await both(await callers.issued({ role: 'admin' })),
    peer: await both(await callers.issued({ role: 'peer' })),
    orderer: await both(await callers.issued({ role: 'orderer' })),
    authority: await both(
      callers.rawWith('RiversideMSP', callers.ledger.credential('RiversideMSP', 'authority')),
    ),
    none: await both(await callers.issued({})),
  }),

  'a certificate that has expired, is not valid yet, or is older than its authority': async (callers) => ({
    backdated: await both(
      await callers.issued({ role: 'client', notBefore: new Date(Date.now() - 30 * DAY_MS) }),
    ),
    expired: await both(await callers.issued({ role: 'client', notAfter: new Date(Date.now() - 10_000) })),
    early: await both(await callers.issued({ role: 'client', notBefore: new Date(Date.now() + 3_600_000) })),
  }),

  'a wrong signature, a high-s signature, none, and somebody else’s': async (callers) => {
    const raw = callers.raw();
    return {
      wrong: await both(raw, { sign: () => Buffer.alloc(70, 1) }),
      highS: await both(raw, { sign: (bytes) => highS(bytes, raw) }),
      none: await both(raw, { sign: () => new Uint8Array() }),
      another: await both(raw, { sign: (bytes) => callers.raw('LakesideMSP').sign(bytes) }),
    };
  },

  'a proposal of too long ago or of the future': async (callers) => {
    const at = (offset: number) => both(callers.raw(), { time: new Date(Date.now() + offset) });
    return {
      inTime: await at(-57_000),
      old: await at(-61_500),
      hours: await at(-3_600_000),
      soon: await at(57_000),
      future: await at(61_500),
    };
  },

  'an endorsed transaction may be submitted after its time': async (callers) => {
    const raw = callers.raw();
    const proposal = raw.propose({ args: ['put', 'late', 'x'], time: new Date(Date.now() - 58_500) });
    const envelope = await raw.endorse(proposal);
    await new Promise((resolve) => setTimeout(resolve, 2000));
    return callers.commit(envelope);
  },

  'a transaction id, epoch, type or nonce that cannot be': async (callers) => ({
    chosenId: await both(callers.raw(), { txId: 'a'.repeat(64) }),
    noId: await both(callers.raw(), { txId: '' }),
    epoch: await both(callers.raw(), { epoch: 7 }),
    configuration: await both(callers.raw(), { type: common.HeaderType.CONFIG }),
    otherType: await both(callers.raw(), { type: common.HeaderType.DELIVER_SEEK_INFO }),
    noNonce: await both(callers.raw(), { nonce: new Uint8Array() }),
  }),

  'bytes that are no proposal': async (callers) => {
    const raw = callers.raw();
    const signed = raw.propose({ args: ['noop'] });
    signed.setProposalBytes(garbage);
    return {
      nothing: await bothOf(raw, undefined),
      empty: await bothOf(raw, new peer.SignedProposal()),
      garbage: await bothOf(raw, signed),
      noHeader: await unsigned(callers, (proposal) => proposal.setHeader('')),
      garbageHeader: await unsigned(callers, (proposal) => proposal.setHeader(garbage)),
      noPayload: await unsigned(callers, (proposal) => proposal.setPayload('')),
      garbagePayload: await unsigned(callers, (proposal) => proposal.setPayload(garbage)),
      noCreator: await unsigned(callers, (proposal, header) => {
        const signature = common.SignatureHeader.deserializeBinary(header.getSignatureHeader_asU8());
        signature.setCreator('');
        header.setSignatureHeader(signature.serializeBinary());
        proposal.setHeader(header.serializeBinary());
      }),
    };
  },

  'organisations that are asked by name': async (callers) => {
    const raw = callers.raw();
    const signed = () => raw.propose({ args: ['noop'] });
    const endorse = (...organisations: string[]) =>
      outcomeOf(raw.endorse(signed(), organisations).then((envelope) => endorsers(envelope)));
    return {
      evaluateElsewhere: await outcomeOf(raw.evaluate(signed(), ['LakesideMSP'])),
      evaluateThirdParty: await outcomeOf(raw.evaluate(signed(), ['InsurerMSP'])),
      evaluateUnknown: await outcomeOf(raw.evaluate(signed(), ['NobodyMSP'])),
      one: await endorse('LakesideMSP'),
      twice: await endorse('LakesideMSP', 'LakesideMSP'),
      all: await endorse('RiversideMSP', 'LakesideMSP', 'HilltopMSP', 'RegulatorMSP'),
      thirdParty: await endorse('InsurerMSP'),
      partly: await endorse('RiversideMSP', 'InsurerMSP', 'NobodyMSP'),
      nobodyNamed: await endorse(),
    };
  },
};

/** How many endorsed; whose turn it was differs from run to run. */
function endorsers(envelope: common.Envelope): number {
  return takeApart(envelope).endorsed.getEndorsementsList().length;
}
