import { KeyProof, type P256Key } from '@chartkey/vocabulary';
import { signJws } from './jws.ts';
import type { Signer } from './keys.ts';

/** A new signing key, and whose it becomes. */
export interface KeyRequest {
  network: string;
  /** the patient, or the organisation of a practitioner's or master key */
  owner: string;
  signer: Signer;
  /** of a patient's key: the public key others encrypt to */
  enc?: P256Key | undefined;
  /** seconds the proof is good for, a day at most; an hour unless given */
  lifetime?: number;
  now?: () => number;
}

/** A new key's proof that somebody holds it, for the statement that brings it: JWS of type `chartkey-key+jwt`. */
export async function keyProof(request: KeyRequest): Promise<string> {
  const { network, owner, signer, enc, lifetime = 3600, now = Date.now } = request;
  const exp = Math.floor(now() / 1000) + lifetime;
  const proof = KeyProof.parse({ network, owner, sig: signer.publicKey, exp, ...(enc && { enc }) });
  return signJws({ alg: signer.algorithm, typ: 'chartkey-key+jwt' }, proof, signer);
}
