import {
  Approving,
  type Device,
  deviceProof,
  keyProof,
  type MasterKey,
  makeKeys,
  type Patient,
  type WebKeys,
} from '@chartkey/client';
import { fingerprintOf } from '@chartkey/rules';
import { type OwnConsortium, startOwnConsortium } from '../support/own-consortium.ts';
import { SdkOrganisation, textOf } from '../support/sdk-cast.ts';

let consortium: OwnConsortium;
const at = new Map<string, { organisation: SdkOrganisation; device: Device; master: MasterKey }>();
const of = (id: string) => at.get(id)!;
let patient: Patient;
let record: string;

beforeAll(async () => {
  consortium = await startOwnConsortium();
  const { credentials } = consortium.run.founding;
  for (const { id } of credentials.organisations) {
    const organisation = await SdkOrganisation.of(id, credentials);
    const device = id === 'RegulatorMSP' ? await organisation.regulator() : await organisation.device();
    at.set(id, {
      organisation,
      device: device as Device,
      master: await organisation.master(device as Device),
    });
  }
  const { organisation, device } = of('RiversideMSP');
  patient = await organisation.patient();
  ({ record } = await device.storeRecord(patient.id, Buffer.from('a finding'), 'text/plain'));
  await patient.grant({
    grantee: { organisation: 'LakesideMSP' },
    scope: 'all',
    actions: ['read'],
    purposes: ['TREAT'],
  });
});
afterAll(() => consortium.stop());

/** A device that a master key has just approved reads the other hospital's record. */
async function readsBy(master: MasterKey): Promise<string> {
  const { organisation } = of('LakesideMSP');
  const keys = await makeKeys();
  const { network } = organisation.gateway;
  await master.approve(await deviceProof({ network, organisation: 'LakesideMSP', keys, use: 'workstation' }));
  const device = organisation.gateway.device(keys.sig, {
    practitioner: 'a'.repeat(26),
    role: 'physician',
    purposes: ['TREAT'],
  });
  return textOf(await device.readRecord(record));
}

async function freshMaster(): Promise<{ keys: WebKeys; proof: string }> {
  const keys = await makeKeys();
  const { network } = of('LakesideMSP').organisation.gateway;
  return { keys, proof: await keyProof({ network, owner: 'LakesideMSP', signer: keys.sig }) };
}

test('a rotated master key approves devices that other custodians release to; the old one no more', async () => {
  const { organisation, device, master } = of('LakesideMSP');
  const { keys, proof } = await freshMaster();
  await master.rotate(proof);
  await expect(readsBy(master)).rejects.toMatchObject({ code: 'SIGNATURE_INVALID' });
  const shown = await device.organisation('LakesideMSP');
  expect(shown).toMatchObject({ masterKey: keys.sig.publicKey, successions: [{ approvals: [] }] });
  const next = await organisation.master(device, keys.sig);
  expect(await readsBy(next)).toBe('a finding');
  expect(await textOf(await device.readRecord(record))).toBe('a finding');
  at.set('LakesideMSP', { organisation, device, master: next });
});

test('a lost master key is replaced by the others, and the new one approves', async () => {
  const { organisation, device, master: lost } = of('LakesideMSP');
  const { keys, proof } = await freshMaster();
  const { id } = await of('RiversideMSP').master.replace('LakesideMSP', proof);
  const subject = { kind: 'master-key' as const, organisation: 'LakesideMSP', replacement: id };
  const shown = { request: fingerprintOf(subject), subject };
  for (const member of ['RegulatorMSP', 'InsurerMSP']) {
    await new Approving(of(member).master.statements).approve(shown);
  }
  await expect(readsBy(lost)).rejects.toMatchObject({ code: 'SIGNATURE_INVALID' });
  expect(await readsBy(await organisation.master(device, keys.sig))).toBe('a finding');
});
