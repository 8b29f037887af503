import type { LedgerBlock } from '../../../gateway/src/ledger/ledger.ts';
import { standingOf } from '../../support/standing.ts';
import * as story from './chain-story.ts';

const { id, base32 } = story;
export const patient = id('patient');
const other = id('other patient');
const device = (number: number) => ['river', 'lake', 'river 2'][number % 3] ?? 'river';

const grant = story.grantPayload(patient, 2, { maxUses: 3 });
export const grantId = story.statement(grant).id;
const granted = {
  ...{ grant: grantId, grantee: grant.grantee, scope: 'all', actions: ['read'], purposes: ['TREAT'] },
  maxUses: 3,
};

/** A life of a patient: enrolment, records, a grant used and revoked, looks, a device that comes and goes. */
export const life: LedgerBlock[] = story.chain(
  [],
  [
    story.transaction(1, (tx) => [story.deviceWrite(tx, 'river', { validUntil: story.instant(9000) })]),
    story.transaction(2, (tx) => [
      story.statementWrite(tx, {
        act: 'enrolPatient',
        iss: patient,
        seq: 1,
        sig: { kty: 'EC', crv: 'P-256', x: id('x'), y: id('y') },
        enc: { kty: 'EC', crv: 'P-256', x: id('ex'), y: id('ey') },
        recorder: 'RiversideMSP',
      }),
      {
        objectType: 'patient',
        attributes: [patient],
        value: standingOf(patient, { enrolledAt: tx.time, statement: id('enrolment') }),
      },
      { objectType: 'sequence', attributes: [patient], value: { last: 1 } },
    ]),
  ],
  [story.transaction(3, (tx) => story.recordWrites(tx, base32('first'), patient))],
  [
    story.transaction(4, (tx) => story.recordWrites(tx, base32('second'), patient)),
    story.transaction(5, (tx) => story.recordWrites(tx, base32('first'), patient, 2)),
    { ...story.transaction(6, (tx) => story.recordWrites(tx, base32('never'), patient)), valid: false },
  ],
  [
    story.transaction(7, (tx) => [
      story.statementWrite(tx, grant),
      story.grantsWrite(patient, [{ ...granted, uses: 0 }]),
    ]),
  ],
  ...[8, 9, 10].map((number) => [
    story.transaction(number, (tx) => [
      story.accessesWrite(tx, [
        { patient, device: device(number) },
        { patient: other, device: 'lake', denied: true },
        { patient, list: true },
      ]),
      story.grantsWrite(patient, [{ ...granted, uses: number - 7 }]),
    ]),
  ]),
  [
    story.transaction(11, (tx) => [
      story.statementWrite(tx, { act: 'revokeConsent', iss: other, grant: story.statement(grant).id }),
    ]),
    story.transaction(12, (tx) => [
      story.statementWrite(tx, { act: 'revokeConsent', iss: patient, grant: grantId }),
      story.grantsWrite(patient, []),
    ]),
  ],
  [
    story.transaction(13, (tx) => [
      story.statementWrite(tx, { act: 'revokeDevice', iss: 'RiversideMSP', device: id('river') }),
      story.deviceWrite(tx, 'river', { status: 'revoked' }),
    ]),
    story.transaction(14, (tx) => [
      {
        objectType: 'audit-query',
        attributes: [tx.id],
        value: {
          ...{ session: id('session'), organisation: 'RegulatorMSP', device: id('console') },
          ...{ practitioner: base32('auditor'), role: 'auditor', question: id('question'), time: tx.time },
        },
      },
    ]),
    story.transaction(15, () => [{ objectType: 'grants', attributes: [patient, 'X'], value: undefined }]),
  ],
);
