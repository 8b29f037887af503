import { deviceStanding, keyNamed, type ReadAssertion } from '@chartkey/rules';
import { Device, Failure, PatientFacts, type PublicKey, queries } from '@chartkey/vocabulary';
import type { Ledger } from '../ledger/ledger.ts';
import { unlessForbidden } from '../statements/verification.ts';
import { Expiring } from './expiring.ts';

/** Milliseconds that an issuer is remembered: it only saves questions, since the ledger checks again. */
const REMEMBERED = 10_000;
const MOST_REMEMBERED = 4_096;

/** Whose key must have signed an assertion, as the ledger knows it. */
export class IssuerKeys {
  private readonly devices: Expiring<Device>;
  private readonly patients: Expiring<PublicKey>;

  constructor(
    private readonly ledger: Pick<Ledger, 'evaluate'>,
    private readonly organisation: string,
    private readonly now: () => number = Date.now,
  ) {
    this.devices = new Expiring(MOST_REMEMBERED, now);
    this.patients = new Expiring(MOST_REMEMBERED, now);
  }

  /**
   * The key that an assertion's issuer signs with; undefined for a patient at a third party's gateway, which
   * may not look patients up: there the endorsers alone verify the assertion.
   * @throws Failure CLIENT_UNKNOWN for an unknown issuer and for another organisation's device;
   * DEVICE_REVOKED, DEVICE_EXPIRED
   */
  async keyOf({
    issuer,
    key,
    b2b,
  }: Pick<ReadAssertion, 'issuer' | 'key' | 'b2b'>): Promise<PublicKey | undefined> {
    if (!b2b) return this.patientKey(issuer, key);
    const device = await this.device(issuer);
    if (device.organisation !== this.organisation || b2b.organization_id !== this.organisation) {
      throw new Failure('CLIENT_UNKNOWN');
    }
    const standing = deviceStanding(device, this.now());
    if (standing !== undefined) throw new Failure(standing);
    return device.sig;
  }

  private async device(id: string): Promise<Device> {
    const known = this.devices.get(id);
    if (known) return known;
    const device = Device.parse(await this.asked(queries.device, id));
    this.devices.set(id, device, this.now() + REMEMBERED);
    return device;
  }

  /** The key of a patient that the assertion names. */
  private async patientKey(id: string, key: string): Promise<PublicKey | undefined> {
    const name = `${id} ${key}`;
    const known = this.patients.get(name);
    if (known) return known;
    const facts = await unlessForbidden(() => this.asked(queries.patient, id));
    if (facts === undefined) return undefined;
    const named = keyNamed(PatientFacts.parse(facts).keys, key);
    if (!named) throw new Failure('CLIENT_UNKNOWN');
    this.patients.set(name, named.sig, this.now() + REMEMBERED);
    return named.sig;
  }

  private async asked(query: string, id: string): Promise<unknown> {
    try {
      return await this.ledger.evaluate(query, id);
    } catch (error) {
      const code = error instanceof Failure ? error.code : undefined;
      if (code === 'DEVICE_UNKNOWN' || code === 'PATIENT_UNKNOWN') throw new Failure('CLIENT_UNKNOWN');
      throw error;
    }
  }
}
