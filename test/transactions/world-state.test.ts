import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type ApprovalsAsked, queries, transactions } from '@chartkey/vocabulary';
import { lateEntryOf } from '../support/late-entries.ts';
import { freshHash, freshId, LedgerActor, LedgerPatient } from '../support/ledger-actor.ts';
import { LedgerPractitioner } from '../support/ledger-practitioner.ts';

const golden = join(__dirname, '..', 'golden', 'world-state.json');

/** The shape of a value: its members and what they are, not what they say. */
function shapeOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.length === 0 ? [] : [shapeOf(value[0])];
  if (value === null || typeof value !== 'object') return typeof value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, shapeOf(member)]));
}

test('the world state has the keys and values that others rely on', async () => {
  const river = new LedgerActor('RiversideMSP');
  const regulator = new LedgerActor('RegulatorMSP');
  const session = await river.session();
  const patient = new LedgerPatient(river.network);
  const record = freshId();
  await river.enrol(patient, session);
  await river.anchor(session, patient.id, record);
  const words = {
    scope: { records: [record] },
    notBefore: '2026-01-01T00:00:00.000Z',
    notAfter: '2036-01-01T00:00:00.000Z',
  };
  const grantee = { organisation: 'LakesideMSP', practitioner: freshId() };
  await river.submit('grantConsent', patient.grant('LakesideMSP', { grantee, ...words, maxUses: 3 }));
  const read = { kind: 'read' as const, session, record, purpose: 'TREAT' as const, retryKey: freshHash() };
  const { transaction } = await river.request(read, { ...read, retryKey: freshHash(), purpose: 'HRESCH' });
  const asked = await regulator.session({ subject_role: 'auditor', purpose_of_use: ['HOPERAT'] });
  const { transaction: question } = await regulator.ledger.submit(transactions.logAuditQuery, {
    session: asked,
    question: freshHash(),
  });

  const lake = new LedgerActor('LakesideMSP');
  const physician = await LedgerPractitioner.registered(lake);
  const nurse = await LedgerPractitioner.registered(lake, { role: 'nurse' });
  const opening = await physician.opens(patient);
  await nurse.seconds(opening);
  const officer = await LedgerPractitioner.registered(lake, { role: 'privacy-officer' });
  const dispute = await officer.reviews(opening, false);

  const of = [{ person: patient.id }, { organisation: 'RiversideMSP' }];
  const rule = { act: 'layRule', seq: 3, on: { records: [record] }, of, need: 1, within: 60, lasting: 60 };
  await river.submit('layRule', patient.says(rule));
  const reading = await lake.session({ purpose_of_use: ['TREAT', 'HRESCH'] });
  const asks = async (purpose: string) =>
    (await lake.ledger.submit(transactions.requestApproval, { session: reading, record, purpose }))
      .result as ApprovalsAsked;
  const request = (await asks('TREAT')).requests[0]!.request;
  await river.submit('approve', patient.says({ act: 'approve', seq: 4, request }));
  await asks('HRESCH');
  lake.close();
  const by = await LedgerPractitioner.registered(river);
  const second = await LedgerPractitioner.registered(river);
  const { last } = (await river.ledger.evaluate(queries.lateCount, 'RiversideMSP')) as { last: number };
  const late = lateEntryOf({ number: last + 1, record, patient, by, second });
  await river.ledger.submit(transactions.anchorLateEntry, late);

  const carer = new LedgerPatient(river.network);
  await river.enrol(carer, session);
  const naming = { act: 'nameDelegate', seq: 5, person: carer.id, kind: 'carer', powers: ['read'] };
  await river.submit('nameDelegate', patient.says(naming));

  const ours = new Set([
    request,
    opening,
    dispute,
    physician.key.id,
    `LakesideMSP ${physician.practitioner}`,
    patient.id,
    record,
    transaction,
    question,
    session,
  ]);
  const seen = new Map<string, unknown>();
  const stop = new AbortController();
  const height = await river.ledger.height();
  for await (const block of river.ledger.blocks(0, stop.signal)) {
    for (const { writes } of block.transactions) {
      for (const { objectType, attributes, value } of writes) {
        const isOurs = attributes.some((attribute) => ours.has(attribute));
        if (isOurs || !seen.has(objectType))
          seen.set(objectType, { keyParts: attributes.length, value: shapeOf(value) });
      }
    }
    if (block.number >= height - 1) stop.abort();
  }
  river.close();
  regulator.close();
  const now = `${JSON.stringify(Object.fromEntries([...seen].sort()), null, 2)}\n`;
  if (process.env['GOLDEN'] === 'write') writeFileSync(golden, now);
  expect(now).toBe(readFileSync(golden, 'utf8'));
});
