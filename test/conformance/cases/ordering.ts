import { common, gateway, peer } from '@hyperledger/fabric-protos';
import type { Callers } from '../callers.ts';
import { change, type Parts } from '../forgery.ts';
import type { Cases } from '../groups.ts';
import { type Json, outcomeOf } from '../outcome.ts';

const garbage = Uint8Array.from([0xff, 0xff]);
const NOOP = ['noop'];

async function submitted(callers: Callers, edit: (parts: Parts) => void): Promise<Json> {
  return outcomeOf(
    callers
      .raw()
      .submit(change(await callers.endorse(NOOP), edit))
      .then(() => 'taken'),
  );
}

async function ask(callers: Callers, edit: (request: gateway.SubmitRequest) => void): Promise<Json> {
  const raw = callers.raw();
  const envelope = await callers.endorse(NOOP);
  envelope.setSignature(raw.sign(envelope.getPayload_asU8()));
  const request = new gateway.SubmitRequest();
  request.setChannelId('records');
  request.setPreparedTransaction(envelope);
  edit(request);
  const call = raw.call('gateway.Gateway/Submit', request, gateway.SubmitResponse);
  return outcomeOf(call.then(() => 'taken'));
}

function envelopeOf(payload: Uint8Array): common.Envelope {
  const envelope = new common.Envelope();
  envelope.setPayload(payload);
  envelope.setSignature(Buffer.alloc(70, 1));
  return envelope;
}

/** What the ordering service takes, and how it refuses. */
export const ordering: Cases = {
  'an envelope, signature or channel that is missing': async (callers) => ({
    noEnvelope: await ask(callers, (request) => request.setPreparedTransaction(undefined)),
    noSignature: await ask(callers, (request) => request.getPreparedTransaction()!.setSignature('')),
    noChannel: await ask(callers, (request) => request.setChannelId('')),
    otherChannel: await ask(callers, (request) => request.setChannelId('elsewhere')),
  }),

  'a wrong signature, and one of somebody else': async (callers) => {
    const envelope = await callers.endorse(NOOP);
    const wrong = callers.raw().submit(envelope, () => Buffer.alloc(70, 1));
    const other = () => callers.raw().submit(envelope, (bytes) => callers.raw('LakesideMSP').sign(bytes));
    return {
      wrong: await outcomeOf(wrong.then(() => 'taken')),
      another: await outcomeOf(other().then(() => 'taken')),
    };
  },

  'who submits must be a member whose certificate has not expired': async (callers) => {
    const expired = await callers.issued({ role: 'client', notAfter: new Date(Date.now() - 10_000) });
    const as = async (creator: Uint8Array, sign: (bytes: Uint8Array) => Uint8Array) => {
      const envelope = change(await callers.endorse(NOOP), ({ signatureHeader }) =>
        signatureHeader.setCreator(creator),
      );
      return outcomeOf(
        callers
          .raw()
          .submit(envelope, sign)
          .then(() => 'taken'),
      );
    };
    return {
      expired: await as(expired.creator, (bytes) => expired.sign(bytes)),
      nobody: await as(garbage, () => Buffer.alloc(70, 1)),
    };
  },

  'a header that names another channel, none, or nobody': async (callers) => ({
    otherChannel: await submitted(callers, ({ channelHeader }) => channelHeader.setChannelId('elsewhere')),
    noChannel: await submitted(callers, ({ channelHeader }) => channelHeader.setChannelId('')),
    noCreator: await submitted(callers, ({ signatureHeader }) => signatureHeader.setCreator('')),
  }),

  'bytes that are no transaction': async (callers) => ({
    garbage: await ask(callers, (request) => request.setPreparedTransaction(envelopeOf(garbage))),
    empty: await ask(callers, (request) => request.setPreparedTransaction(envelopeOf(new Uint8Array()))),
    emptyPayload: await ask(callers, (request) => {
      const payload = new common.Payload();
      payload.setHeader(new common.Header());
      request.setPreparedTransaction(envelopeOf(payload.serializeBinary()));
    }),
    noData: await submittedWithout(callers),
  }),

  'a third party submits what others endorsed for it': async (callers) => {
    const raw = callers.raw('InsurerMSP');
    const envelope = await raw.endorse(raw.propose({ args: ['put', 'third', 'x'] }));
    return callers.outcome(await raw.submit(envelope));
  },

  'an envelope larger than the channel allows': async (callers) => {
    const envelope = change(await callers.endorse(NOOP), ({ endorsed }) => {
      const padding = new peer.Endorsement();
      padding.setEndorser(new Uint8Array(11 << 20));
      endorsed.addEndorsements(padding);
    });
    return outcomeOf(
      callers
        .raw()
        .submit(envelope)
        .then(() => 'taken'),
    );
  },
};

/** A transaction whose payload has a header alone. */
async function submittedWithout(callers: Callers): Promise<Json> {
  const envelope = await callers.endorse(NOOP);
  const payload = common.Payload.deserializeBinary(envelope.getPayload_asU8());
  payload.setData('');
  envelope.setPayload(payload.serializeBinary());
  return outcomeOf(callers.commit(envelope));
}
