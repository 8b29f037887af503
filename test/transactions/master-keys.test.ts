import { fingerprintOf } from '@chartkey/rules';
import { queries } from '@chartkey/vocabulary';
import { LedgerActor } from '../support/ledger-actor.ts';
import { LedgerPractitioner } from '../support/ledger-practitioner.ts';
import { type OwnConsortium, startOwnConsortium } from '../support/own-consortium.ts';
import type { TestKey } from '../support/signing.ts';
import { spareKey, Voice } from '../support/voice.ts';

let consortium: OwnConsortium;
const voices = new Map<string, Voice>();
const voice = (organisation: string) => voices.get(organisation) as Voice;

beforeAll(async () => {
  consortium = await startOwnConsortium({ gateways: [] });
  const { dataDir, run } = consortium;
  for (const { id } of run.founding.credentials.organisations) {
    const actor = new LedgerActor(id, { dataDir, credentials: run.founding.credentials });
    voices.set(id, new Voice(actor, id, actor.master));
  }
});
afterAll(async () => {
  for (const { actor } of voices.values()) actor.close();
  await consortium.stop();
});

const single = (owner: string, key?: TestKey) =>
  spareKey(voice('LakesideMSP').actor.network, owner, { kind: 'single', ...(key && { key }) });
const masterOf = async (organisation: string) =>
  (await voice('RiversideMSP').actor.ledger.evaluate(queries.organisation, organisation)) as {
    master?: { key: object; successions: object[] };
  };

test('rotated by the old key: the new one orders from then on, and what was approved stays', async () => {
  const lake = voice('LakesideMSP');
  const { key, proof } = single('LakesideMSP');
  const pair = spareKey(lake.actor.network, 'LakesideMSP').proof;
  expect(await lake.code({ act: 'rotateMasterKey', key: pair })).toBe('INVALID_PROOF');
  expect(await lake.code({ act: 'rotateMasterKey', key: single('RiversideMSP').proof })).toBe(
    'INVALID_PROOF',
  );
  const rotation = await lake.says({ act: 'rotateMasterKey', key: proof });
  expect(await masterOf('LakesideMSP')).toMatchObject({
    master: { key: key.publicJwk, successions: [{ statement: rotation, approvals: [] }] },
  });
  expect(await lake.code({ act: 'skip' })).toBe('SIGNATURE_INVALID');
  const next = lake.with(key);
  expect(await next.code({ act: 'skip' })).toBe('accepted');
  expect(await lake.actor.session()).toEqual(expect.any(String));
  expect(await next.code({ act: 'rotateMasterKey', key: single('LakesideMSP', lake.key).proof })).toBe(
    'KEY_USED',
  );
  voices.set('LakesideMSP', next);
});

test('replaced by more than half of the other members, each with its own master key', async () => {
  const [river, lake, crown, insurer] = ['RiversideMSP', 'LakesideMSP', 'RegulatorMSP', 'InsurerMSP'].map(
    voice,
  ) as [Voice, Voice, Voice, Voice];
  const { key, proof } = single('InsurerMSP');
  const own = { act: 'replaceMasterKey' as const, organisation: 'InsurerMSP', key: proof };
  expect(await insurer.code(own)).toBe('INVALID_STATEMENT');
  const replacement = await river.says(own);
  const request = fingerprintOf({ kind: 'master-key', organisation: 'InsurerMSP', replacement });
  const approval = { act: 'approve' as const, request };
  expect(await insurer.code(approval)).toBe('NOT_AN_APPROVER');
  const doctor = await LedgerPractitioner.registered(crown.actor);
  expect(await new Voice(crown.actor, doctor.key.id, doctor.key).code(approval)).toBe('NOT_AN_APPROVER');
  expect(await river.code(approval)).toBe('ALREADY_APPROVED');
  expect(await lake.code(approval)).toBe('accepted');
  expect((await masterOf('InsurerMSP')).master).toBeUndefined();
  expect(await insurer.code({ act: 'skip' })).toBe('accepted');
  expect(await crown.code(approval)).toBe('accepted');
  expect(await masterOf('InsurerMSP')).toMatchObject({
    master: { key: key.publicJwk, successions: [{ statement: replacement }] },
  });
  expect(await insurer.code({ act: 'skip' })).toBe('SIGNATURE_INVALID');
  expect(await insurer.with(key).code({ act: 'skip' })).toBe('accepted');
});
