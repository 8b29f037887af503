import {
  decodeBase64url,
  encodeBase64url,
  LABEL_KEY_BYTES,
  labelOf,
  type Sensitivity,
} from '@chartkey/vocabulary';

/**
 * A patient's labels at one custodian: what the ledger knows of a class of records. Nobody without the key can
 * make or test one; at another custodian the same class has another label.
 */
export class Labels {
  readonly #key: Uint8Array;

  /** @param key base64url of 32 bytes; a fresh one unless given @throws TypeError for any other */
  constructor(
    readonly custodian: string,
    key?: string,
  ) {
    this.#key = key === undefined ? fresh() : bytesOf(key);
  }

  /** What the app keeps, as safely as it keeps the patient's keys: without it no grant or denial by class. */
  get key(): string {
    return encodeBase64url(this.#key);
  }

  label(sensitivity: Sensitivity): string {
    return labelOf(this.#key, sensitivity);
  }

  /** For a scope, a denial or a rule: `{ labels: labels.of('PSY', 'HIV') }`. */
  of(...classes: Sensitivity[]): string[] {
    return classes.map((one) => this.label(one));
  }
}

/** A patient's labels wherever it has some, each made when it is first asked for. */
export class LabelsByCustodian {
  readonly #made = new Map<string, Labels>();
  readonly #keyOf: (custodian: string) => string | undefined;

  constructor(keys: Readonly<Record<string, string>> | ((custodian: string) => string) = {}) {
    const known = typeof keys === 'function' ? {} : keys;
    this.#keyOf = typeof keys === 'function' ? keys : (custodian) => keys[custodian];
    for (const custodian of Object.keys(known)) this.at(custodian);
  }

  at(custodian: string): Labels {
    const labels = this.#made.get(custodian) ?? new Labels(custodian, this.#keyOf(custodian));
    this.#made.set(custodian, labels);
    return labels;
  }

  get keys(): Record<string, string> {
    return Object.fromEntries([...this.#made].map(([custodian, { key }]) => [custodian, key]));
  }
}

const fresh = () => globalThis.crypto.getRandomValues(new Uint8Array(LABEL_KEY_BYTES));

function bytesOf(key: string): Uint8Array {
  const bytes = decodeBase64url(key);
  if (bytes.length !== LABEL_KEY_BYTES) throw new TypeError('a label key has 32 bytes');
  return bytes;
}
