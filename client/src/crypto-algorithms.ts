import type { Algorithm } from '@chartkey/vocabulary';

/** How WebCrypto calls a key's algorithm when it is imported. */
export type CryptoAlgorithm = EcKeyImportParams | RsaHashedImportParams;

/** What WebCrypto wants to hear for each algorithm of signatures: of the key, and of its use. */
export const cryptoAlgorithms: Record<
  Algorithm,
  { key: CryptoAlgorithm; use: AlgorithmIdentifier | EcdsaParams }
> = {
  ES256: { key: { name: 'ECDSA', namedCurve: 'P-256' }, use: { name: 'ECDSA', hash: 'SHA-256' } },
  ES384: { key: { name: 'ECDSA', namedCurve: 'P-384' }, use: { name: 'ECDSA', hash: 'SHA-384' } },
  RS384: { key: { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-384' }, use: 'RSASSA-PKCS1-v1_5' },
};
