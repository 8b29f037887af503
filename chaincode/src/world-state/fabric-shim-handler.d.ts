/** The file of fabric-shim 2.5.8 that talks with a peer; it has no types of its own. */
declare module 'fabric-shim/lib/handler.js' {
  export const ChaincodeMessageHandler: { prototype: { chat(greeting: unknown): void } };
}
