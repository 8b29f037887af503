import type { ChaincodeStub } from 'fabric-shim';
import { ChaincodeMessageHandler } from 'fabric-shim/lib/handler.js';
import { BinaryReader, BinaryWriter } from 'google-protobuf';

// fabric-protos' peer/chaincode_shim.proto. Its newer package is not loaded here: it would take the place of the
// shim's own, older one, since both name their messages globally.
const READY = 4;
const GET_STATE_MULTIPLE = 25;

/** What of fabric-shim's conversation with a peer is used here; 2.5.8 itself asks for one key at a time. */
interface Message {
  getType(): number;
  getPayload_asU8(): Uint8Array;
  setType(type: number): void;
  setPayload(bytes: Uint8Array): void;
  setTxid(id: string): void;
  setChannelId(id: string): void;
}
interface Conversation {
  _stream: {
    on(event: 'data', listener: (message: Message) => void): unknown;
    off: Conversation['_stream']['on'];
  };
  _askPeerAndListen(message: Message, method: string): Promise<Uint8Array>;
}

interface Offer {
  most: number;
  /** an empty message of the shim's own kind */
  blank(): Message;
}

/** What each peer that we talk with offered when it said READY. */
const offers = new WeakMap<object, Offer>();

/**
 * Listens to what peers offer, so that `getMany` can use it. A peer of Fabric 3.1 answers many keys at once
 * (core.yaml, `chaincode.runtimeParams`), an older one would end the conversation if it were asked to.
 */
export function listenForOffers(): void {
  const { prototype } = ChaincodeMessageHandler;
  const { chat } = prototype;
  prototype.chat = function (this: Conversation, greeting: Message): void {
    const listen = (message: Message) => {
      if (message.getType() !== READY) return;
      this._stream.off('data', listen);
      const Blank = greeting.constructor as new () => Message;
      const most = mostKeys(message.getPayload_asU8());
      if (most > 1) offers.set(this, { most, blank: () => new Blank() });
    };
    this._stream.on('data', listen);
    chat.call(this, greeting);
  };
}

/** The values at keys, in order, empty where there is none: by one question where the peer takes it. */
export async function getMany(stub: ChaincodeStub, keys: readonly string[]): Promise<Uint8Array[]> {
  const { handler } = stub as unknown as { handler: Conversation };
  const offer = offers.get(handler);
  const values: Uint8Array[] = [];
  if (!offer || keys.length === 1) {
    for (const key of keys) values.push(await stub.getState(key));
    return values;
  }
  for (let at = 0; at < keys.length; at += offer.most) {
    const asked = keys.slice(at, at + offer.most);
    const message = offer.blank();
    message.setType(GET_STATE_MULTIPLE);
    message.setPayload(questionFor(asked));
    message.setTxid(stub.getTxID());
    message.setChannelId(stub.getChannelID());
    const answer = await handler._askPeerAndListen(message, 'GetStateMultipleKeys');
    const found = valuesIn(answer);
    // Fabric 3.1.5 answers nothing at all when its database fails; that must not pass for keys without a value.
    if (found.length !== asked.length) {
      throw new Error(`${found.length} values came back for ${asked.length} keys`);
    }
    values.push(...found);
  }
  return values;
}

/** Keys of one question at most; 0 where the peer takes no such question (ChaincodeAdditionalParams). */
function mostKeys(bytes: Uint8Array): number {
  const reader = new BinaryReader(bytes);
  let [isOffered, most] = [false, 0];
  while (reader.nextField()) {
    if (reader.getFieldNumber() === 3) isOffered = reader.readBool();
    else if (reader.getFieldNumber() === 4) most = reader.readUint32();
    else reader.skipField();
  }
  return isOffered ? most : 0;
}

/** GetStateMultiple */
function questionFor(keys: string[]): Uint8Array {
  const writer = new BinaryWriter();
  writer.writeRepeatedString(1, keys);
  return writer.getResultBuffer();
}

/** GetStateMultipleResult */
function valuesIn(bytes: Uint8Array): Uint8Array[] {
  const reader = new BinaryReader(bytes);
  const values: Uint8Array[] = [];
  while (reader.nextField()) {
    if (reader.getFieldNumber() === 1) values.push(reader.readBytes());
    else reader.skipField();
  }
  return values;
}
