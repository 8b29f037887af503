import type { Place } from '@chartkey/vocabulary';
import type { Gateway } from './gateway.ts';
import type { WebKeys } from './keys.ts';
import { type MadeOffer, makeOffer } from './offer.ts';
import type { EnrolmentOptions, Patient, PatientOptions } from './patient.ts';
import { openedBackup, sealedBackup } from './wallet-backup.ts';
import { keysOf, labelKeyOf, SEED_BYTES } from './wallet-keys.ts';

type At = Pick<Place, 'network' | 'custodian'>;

/**
 * A patient's keys, all made of one seed: by default fresh ones, and so a fresh id, for each custodian, which
 * nothing links. Who has the seed has all of them.
 */
export class Wallet {
  readonly #seed: Uint8Array;
  readonly #places: Place[];

  private constructor(seed: Uint8Array, places: readonly Place[]) {
    this.#seed = seed;
    this.#places = [...places];
  }

  /** A wallet of a new random seed. */
  static create(): Wallet {
    return new Wallet(globalThis.crypto.getRandomValues(new Uint8Array(SEED_BYTES)), []);
  }

  /** The wallet of a backup, with the same ids and keys. @throws BackupUnreadable */
  static async restore(backup: string, passphrase: string): Promise<Wallet> {
    const { seed, places } = await openedBackup(backup, passphrase);
    return new Wallet(seed, places);
  }

  /**
   * Seed and places under a passphrase; to be made anew when a place was added.
   * @throws TypeError for a passphrase of less than 12 characters
   */
  backup(passphrase: string): Promise<string> {
    return sealedBackup({ seed: this.#seed, places: this.#places }, passphrase);
  }

  /** Where the patient has an id. */
  get places(): readonly Place[] {
    return [...this.#places];
  }

  /** The keys at a custodian that sign now; the first call makes it a place of the wallet. */
  keysAt(at: At): Promise<WebKeys> {
    return keysOf(this.#seed, this.#placeAt(at));
  }

  /** The patient's id at a custodian: the thumbprint of its first key there. */
  async idAt(at: At): Promise<string> {
    return (await keysOf(this.#seed, { ...this.#placeAt(at), generation: 0 })).sig.id;
  }

  /**
   * The keys that come next at a custodian, for `rotateKey` or a recovery. They are the wallet's only after `renew`.
   */
  nextKeysAt(at: At): Promise<WebKeys> {
    const place = this.#placeAt(at);
    return keysOf(this.#seed, { ...place, generation: place.generation + 1 });
  }

  /** The ledger has taken the next keys: from now on they are the ones that sign. Make a new backup. */
  renew(at: At): void {
    const place = this.#placeAt(at);
    this.#places[this.#places.indexOf(place)] = { ...place, generation: place.generation + 1 };
  }

  /** The patient at the custodian whose gateway this is, with its own id, keys and labels there. */
  async patientAt(gateway: Gateway, options: Pick<PatientOptions, 'unsettled'> = {}): Promise<Patient> {
    const at = placeOf(gateway);
    const [keys, id] = await Promise.all([this.keysAt(at), this.idAt(at)]);
    const labelKeys = (custodian: string) => labelKeyOf(this.#seed, at, custodian);
    return gateway.patient(keys, { ...options, id, labelKeys });
  }

  /**
   * What the reception desk of a gateway's hospital scans: the patient's address there, good once, for ten minutes.
   * @param enrolment for a patient who is new there; with `approval` the QR code is about twice as long
   */
  async offer(gateway: Gateway, enrolment?: EnrolmentOptions): Promise<MadeOffer> {
    const patient = await this.patientAt(gateway);
    const signed = enrolment && (await patient.enrolmentStatement(enrolment)).text;
    return makeOffer(gateway, patient.keys, { id: patient.id, enrolment: signed });
  }

  #placeAt({ network, custodian }: At): Place {
    const known = this.#places.find((one) => one.network === network && one.custodian === custodian);
    if (known) return known;
    const place = { network, custodian, generation: 0 };
    this.#places.push(place);
    return place;
  }
}

const placeOf = ({ network, organisation: custodian }: Gateway): At => ({ network, custodian });
