import type { SignatureChecks } from '@chartkey/rules';
import { algorithmOf, encodeBase64url, type PublicKey, thumbprint, utf8Bytes } from '@chartkey/vocabulary';
import { cryptoAlgorithms } from './crypto-algorithms.ts';

type Question = () => Promise<boolean>;

/**
 * Runs a rule with WebCrypto's signature checks. A rule is pure and asks at once, WebCrypto answers later: so what
 * is not known yet counts as yes at first, is asked when the rule has ended, and the rule runs again with the
 * answers, until it has asked nothing new.
 * @throws what the rule throws
 */
export async function settled<Result>(rule: (checks: SignatureChecks) => Result): Promise<Result> {
  const answers = new Map<string, boolean>();
  for (;;) {
    const open = new Map<string, Question>();
    const answer = (about: readonly string[], ask: Question): boolean => {
      const question = about.join(' ');
      const known = answers.get(question);
      if (known === undefined) open.set(question, ask);
      return known ?? true;
    };
    const result = outcomeOf(() =>
      rule({
        verifies: (algorithm, key, input, signature) =>
          algorithm === algorithmOf(key) &&
          answer([thumbprint(key), input, encodeBase64url(signature)], () => verifies(key, input, signature)),
        isSound: (key) => answer([thumbprint(key)], () => isSound(key)),
      }),
    );
    if (open.size === 0) return result();
    const asked = [...open].map(async ([question, ask]) => [question, await ask()] as const);
    for (const [question, yes] of await Promise.all(asked)) answers.set(question, yes);
  }
}

/** What some work returns or throws, for later. */
function outcomeOf<Result>(work: () => Result): () => Result {
  try {
    const result = work();
    return () => result;
  } catch (error) {
    return () => {
      throw error;
    };
  }
}

const { subtle } = globalThis.crypto;

function imported(key: PublicKey): Promise<CryptoKey> {
  return subtle.importKey('jwk', { ...key }, cryptoAlgorithms[algorithmOf(key)].key, true, ['verify']);
}

async function verifies(key: PublicKey, input: string, signature: Uint8Array): Promise<boolean> {
  try {
    const { use } = cryptoAlgorithms[algorithmOf(key)];
    const [signed, bytes] = [new Uint8Array(signature), new Uint8Array(utf8Bytes(input))];
    return await subtle.verify(use, await imported(key), signed, bytes);
  } catch {
    return false;
  }
}

/** WebCrypto imports no point that is not on its curve. */
async function isSound(key: PublicKey): Promise<boolean> {
  return imported(key).then(
    () => true,
    () => false,
  );
}
