import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readStatement } from '@chartkey/rules';
import { digest, labelOf, labelsOf } from '@chartkey/vocabulary';
import { sealLabelKey } from '../../../client/src/label-key.ts';
import { Labels } from '../../../gateway/src/records/labels.ts';
import { gatewayDevice } from '../../../gateway/src/release/index.ts';
import { openFileStore, openVault, type Vault } from '../../../gateway/src/vault/index.ts';
import { statement, testKey } from '../../support/signing.ts';
import { network } from '../vault/material.ts';

const custodian = 'RiversideMSP';
const root = mkdtempSync(join(tmpdir(), 'chartkey-labels-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const key = Uint8Array.from({ length: 32 }, (_, at) => at);
const deviceOf = (enc: ReturnType<typeof testKey>) =>
  gatewayDevice({ sig: { ...testKey().jwk }, enc: { ...enc.jwk } });

let vault: Vault;
let enc: ReturnType<typeof testKey>;
let patient: ReturnType<typeof testKey>;
beforeEach(async () => {
  vault = await openVault({
    network,
    payloads: await openFileStore(join(root, 'vault')),
    keyFolder: join(root, 'keys'),
    patientKeyFolder: join(root, 'patient-keys'),
  });
  enc = testKey();
  patient = testKey();
});

/** Grants to record, each with the label key that is given for it, as a ledger tells them. */
function labelsFor(sent: (string | undefined)[], device = deviceOf(enc)): Labels {
  const words = {
    grantee: { organisation: custodian },
    scope: 'all',
    actions: ['record'],
    purposes: ['TREAT'],
  };
  const statements = sent.map((labelKey, at) =>
    readStatement(
      statement(
        {
          iss: patient.id,
          aud: network,
          act: 'grantConsent',
          seq: at + 2,
          ...words,
          ...(labelKey && { labelKey }),
        },
        patient,
      ),
    ),
  );
  const grants = statements.map(({ id }) => ({ grant: id, uses: 0, ...words }));
  return new Labels({
    ledger: { evaluate: async () => ({ grants }) },
    vault,
    organisation: custodian,
    device,
    statementOf: async (id) => statements.find((one) => one.id === id)!,
  });
}
const sealed = (change: object = {}, to = enc, bytes = key) =>
  sealLabelKey(bytes, to.publicJwk, { network, patient: patient.id, custodian, ...change });

test('a class has the label that its key makes of it, whatever the order it is named in', async () => {
  const labels = labelsFor([await sealed()]);
  expect(await labels.of(patient.id, ['PSY', 'HIV'])).toEqual(labelsOf(key, ['HIV', 'PSY']));
  expect(await labels.of(patient.id, [])).toEqual([]);
  expect(labelOf(key, 'HIV')).toMatch(/^[A-Za-z0-9_-]{22}$/);
});

test('without a key of the patient nothing is labelled', async () => {
  for (const sent of [[], [undefined]]) {
    await expect(labelsFor(sent).of(patient.id, ['HIV'])).rejects.toMatchObject({ code: 'LABELS_NOT_READY' });
  }
});

test('a key that was used once is there for another gateway device, and stays the first one', async () => {
  expect(await labelsFor([await sealed()]).of(patient.id, ['HIV'])).toEqual(labelsOf(key, ['HIV']));
  const later = testKey();
  const other = await sealed({}, later, key.toReversed());
  expect(await labelsFor([other], deviceOf(later)).of(patient.id, ['HIV'])).toEqual(labelsOf(key, ['HIV']));
});

test('a key for an earlier gateway device is passed over for one that opens', async () => {
  const old = await sealed({}, testKey());
  await expect(labelsFor([old]).of(patient.id, ['HIV'])).rejects.toMatchObject({ code: 'LABELS_NOT_READY' });
  expect(await labelsFor([old, await sealed()]).of(patient.id, ['HIV'])).toEqual(labelsOf(key, ['HIV']));
});

test('a key that is bound to another patient, custodian or network does not open', async () => {
  const changes = [
    { patient: testKey().id },
    { custodian: 'LakesideMSP' },
    { network: `demo-${digest('another')}` },
  ];
  for (const change of changes) {
    const labels = labelsFor([await sealed(change)]);
    await expect(labels.of(patient.id, ['HIV'])).rejects.toMatchObject({ code: 'LABELS_NOT_READY' });
  }
});

test('a key with a flipped bit anywhere does not open', async () => {
  const whole = await sealed();
  for (const [at, part] of whole.split('.').entries()) {
    if (at === 0) continue;
    const flipped = `${part.startsWith('A') ? 'B' : 'A'}${part.slice(1)}`;
    const spoilt = whole.split('.').with(at, flipped).join('.');
    const labels = labelsFor([spoilt]);
    await expect(labels.of(patient.id, ['HIV'])).rejects.toMatchObject({ code: 'LABELS_NOT_READY' });
  }
});

test('a forgotten patient’s key for labels is gone', async () => {
  await labelsFor([await sealed()]).of(patient.id, ['HIV']);
  await vault.forgetPatient(patient.id);
  await expect(labelsFor([]).of(patient.id, ['HIV'])).rejects.toMatchObject({ code: 'LABELS_NOT_READY' });
});
