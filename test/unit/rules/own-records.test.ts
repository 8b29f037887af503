import { decidePersonsRecording } from '@chartkey/rules';
import { type Delegate, Kind, thumbprint } from '@chartkey/vocabulary';
import { testKey } from '../../support/signing.ts';
import { minute, noon, noonAnd, record, standing } from './facts.ts';

const key = testKey();
const keys = [{ sig: key.publicJwk, enc: testKey().publicJwk, statement: 'k', since: noonAnd(-1e6) }];
const reader = standing({ patient: 'ann', keys });
const session = { id: 'ann', until: noonAnd(minute), key: thumbprint(key.publicJwk) };
const carer: Delegate = { delegation: 'd', person: 'ann', kind: 'carer', powers: ['record'], attested: [] };
const of = (change: object) => ({ standing: standing({ delegates: [carer], ...change }) });
const hidden = (what?: object) => ({
  denials: [{ denial: 'n', who: { person: 'ann' }, ...(what && { what }) }],
});

test.each<[string, Partial<Parameters<typeof decidePersonsRecording>[0]>, string]>([
  ['the patient its own, at a hospital', {}, 'patient'],
  ['at a regulator', { kind: 'regulator' }, 'KIND_NOT_ALLOWED'],
  ['at a third party', { kind: 'third-party' }, 'KIND_NOT_ALLOWED'],
  ['after its session', { session: { ...session, until: noonAnd(-1) } }, 'SESSION_EXPIRED'],
  ['with a key it no longer has', { session: { ...session, key: 'another' } }, 'KEY_REVOKED'],
  ['the patient, frozen', { standing: { ...reader, frozen: { statement: 'f', by: 'k' } } }, 'PATIENT_FROZEN'],
  ['in the 30 days after a recovery', { reader: { ...reader, probation: noonAnd(0) } }, 'RECOVERY_PROBATION'],
  ['a delegate who may record', of({}), 'delegate'],
  ['a delegate who may only read', of({ delegates: [{ ...carer, powers: ['read'] }] }), 'NOT_A_DELEGATE'],
  ['a delegate after its time', of({ delegates: [{ ...carer, notAfter: noonAnd(-1) }] }), 'NOT_A_DELEGATE'],
  ['a proxy whom nobody attested', of({ delegates: [{ ...carer, kind: 'proxy' }] }), 'NOT_A_DELEGATE'],
  ['a delegate of a frozen patient', of({ frozen: { statement: 'f', by: 'k' } }), 'PATIENT_FROZEN'],
  ['a delegate from whom all is hidden', of(hidden()), 'DENIED_BY_PATIENT'],
  ['a delegate from whom this is hidden', of(hidden({ records: [record.record] })), 'DENIED_BY_PATIENT'],
  ['a delegate from whom another is hidden', of(hidden({ records: ['r9'] })), 'delegate'],
  ['a stranger', of({ delegates: [] }), 'NOT_A_DELEGATE'],
])('%s', (_title, change, expected) => {
  const kind = Kind.enum.hospital;
  const decision = decidePersonsRecording({
    ...{ session, reader, standing: reader, record, kind, time: noon },
    ...change,
  });
  expect(decision.is === 'granted' ? decision.basis : decision.code).toBe(expected);
});
