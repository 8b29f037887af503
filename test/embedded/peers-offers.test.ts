import { peer } from '@hyperledger/fabric-protos';
import { freshId, LedgerActor, LedgerPatient } from '../support/ledger-actor.ts';
import { type CountedLedger, startCountedLedger } from '../support/shim-count.ts';

// The chaincode asks for many objects at once where its peer offers that (Fabric 3.1); what it decides stays the same.

const { Type } = peer.ChaincodeMessage;

let stage: CountedLedger;
let lake: LedgerActor;

async function begin(change: (message: peer.ChaincodeMessage) => void): Promise<string[]> {
  stage = await startCountedLedger(change);
  lake = new LedgerActor('LakesideMSP', stage);
  const river = new LedgerActor('RiversideMSP', stage);
  try {
    const patient = new LedgerPatient(river.network);
    const session = await river.session();
    await river.enrol(patient, session);
    const records = [freshId(), freshId()];
    for (const record of records) await river.anchor(session, patient.id, record);
    await lake.submit('grantConsent', patient.grant('LakesideMSP', { scope: { records: [records[0]!] } }));
    return records;
  } finally {
    river.close();
  }
}

async function read(records: readonly string[], inSession?: string) {
  const session = inSession ?? (await lake.session());
  return lake.request(
    ...records.map((record) => ({ kind: 'read' as const, session, record, purpose: 'TREAT' as const })),
  );
}

afterEach(async () => {
  lake.close();
  await stage.stop();
});

const decided = [
  { is: 'granted', basis: 'grant', version: 1 },
  { is: 'denied', code: 'NO_GRANT' },
];

test('a peer that offers nothing is asked for one object after the other, and decides alike', async () => {
  const records = await begin((message) => {
    if (message.getType() === Type.READY) message.setPayload('');
  });
  const { transaction, outcomes } = await read(records);
  expect(outcomes).toEqual(decided);
  expect(stage.of(transaction)).toEqual({ gets: 7, objects: 7, puts: 1, all: 8 });
});

test('a peer that takes two keys at once is never asked for three', async () => {
  const records = await begin((message) => {
    if (message.getType() !== Type.READY) return;
    const offers = new peer.ChaincodeAdditionalParams();
    offers.setUseGetMultipleKeys(true);
    offers.setMaxSizeGetMultipleKeys(2);
    message.setPayload(offers.serializeBinary());
  });
  const { transaction, outcomes } = await read(records);
  expect(outcomes).toEqual(decided);
  expect(stage.of(transaction)).toMatchObject({ gets: 4, objects: 7 });
});

test('values that a peer fails to answer are asked for again, and never taken for objects that do not exist', async () => {
  let failures = 0;
  const records = await begin((message) => {
    // As Fabric 3.1.5 answers many keys when its database fails: with no value, and no error.
    if (failures === 0 || message.getType() !== Type.RESPONSE) return;
    failures -= 1;
    message.setPayload('');
  });
  const session = await lake.session();
  failures = 1;
  const { transaction, outcomes } = await read(records, session);
  expect(failures).toBe(0);
  expect(outcomes).toEqual(decided);
  const accesses = JSON.stringify([`${transaction}:0`]);
  const ledger = stage.connect('LakesideMSP');
  failures = 1;
  await expect(ledger.evaluate('releasable', accesses)).rejects.toMatchObject({ code: 'BROKEN' });
  ledger.close();
});
