import {
  connect,
  type Device,
  deviceProof,
  type Gateway,
  importKeys,
  importSigner,
  keyProof,
  makeKeys,
  type Patient,
  type Practitioner,
  publicP256,
  type Regulator,
  randomId,
  type Signer,
} from '@chartkey/client';
import type { Role } from '@chartkey/vocabulary';
import type { DemoCredentials } from '../../network/demo/founding.ts';
import { sharedConsortium } from './consortium.ts';

/** One organisation's gateway, and who acts through it, with the SDK. */
export class SdkOrganisation {
  /** Where patients enrol: one session for all of them, since suites share the device's 64. */
  private desk: Promise<Device> | undefined;

  private constructor(
    readonly gateway: Gateway,
    private readonly own: ReturnType<typeof credentialsOf>,
  ) {}

  static async of(id: string, credentials: DemoCredentials = sharedConsortium().credentials) {
    const own = credentialsOf(id, credentials);
    const { network } = credentials;
    // A session of another suite's may have to end first; the gateway says to come back in 30 s.
    const retries = { tries: 8, patience: 31_000 };
    return new SdkOrganisation(await connect(own.url, { network, retries }), own);
  }

  /** The organisation's device in somebody's name. */
  async device(role: Role = 'physician', purposes: ['TREAT' | 'ETREAT'] = ['TREAT'], who = randomId()) {
    const { sig } = await importKeys(this.own.ehr);
    return this.gateway.device(sig, { practitioner: who, role, purposes });
  }

  async regulator(): Promise<Regulator> {
    const { sig } = await importKeys(this.own.ehr);
    return this.gateway.regulator(sig, { practitioner: randomId(), role: 'auditor', purposes: ['HOPERAT'] });
  }

  /** The organisation's master key; a present one where it is no longer the founding one. */
  async master(device: Device, present?: Signer) {
    const signer = present ?? (await importSigner(this.own.masterKey));
    const publicKey = present && publicP256(present.publicKey);
    return this.gateway.masterKey(signer, { session: device, present: publicKey });
  }

  /** A practitioner whose key was registered just now, on a fresh device: openings are counted by device too. */
  async practitioner(role: Role = 'physician'): Promise<{ key: Practitioner; device: Device }> {
    const who = randomId();
    const session = await this.device(role, ['ETREAT'], who);
    const [keys, { sig }] = [await makeKeys(), await makeKeys()];
    const { network, organisation } = this.gateway;
    const master = this.gateway.masterKey(await importSigner(this.own.masterKey), { session });
    await master.approve(await deviceProof({ network, organisation, keys, use: 'workstation' }));
    const device = this.gateway.device(keys.sig, { practitioner: who, role, purposes: ['ETREAT'] });
    const proof = await keyProof({ network, owner: organisation, signer: sig });
    const validUntil = new Date(Date.now() + 3_600_000).toISOString();
    await master.registerPractitioner(proof, { practitioner: who, role, validUntil });
    return { key: this.gateway.practitioner(sig, device), device };
  }

  /** A patient enrolled here, whose records this organisation may make and read. */
  async patient(): Promise<Patient> {
    const patient = this.gateway.patient(await makeKeys());
    this.desk ??= this.device();
    const desk = await this.desk;
    await desk.enrol(await patient.enrolmentStatement({ recorder: this.gateway.organisation }));
    return patient;
  }
}

function credentialsOf(id: string, { organisations }: DemoCredentials) {
  const found = organisations.find((one) => one.id === id);
  if (!found) throw new Error(`${id} is not in the credentials file`);
  return found;
}

/** A body to its end, as text. */
export function textOf({ body }: { body: ReadableStream<Uint8Array> }): Promise<string> {
  return new Response(body).text();
}
