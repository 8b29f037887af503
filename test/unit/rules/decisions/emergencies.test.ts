import type { LiveOpening, Patient } from '@chartkey/vocabulary';
import { type Case, device, grant, never, noonAnd, session, standing, verdict } from '../facts.ts';

// In an emergency neither denial nor rule nor freeze is asked, but a broken glass is: by this practitioner, on
// this device, not over, and by two practitioners where the patient locked the record even for emergencies.
const emergency = { kind: 'read' as const, purpose: 'ETREAT' as const };
const everything = [grant(), grant({ grant: 'e', purposes: ['ETREAT'] })];
const opening = (change: Partial<LiveOpening> = {}): LiveOpening =>
  ({ opening: 'glass', practitioner: 'mara', device: 'device', until: noonAnd(0), ...change }) as LiveOpening;
const about = (change: Partial<Patient>) => ({ standing: standing(change) });

describe('an emergency rests on a broken glass alone', () => {
  const ask = (openings: LiveOpening[], change: Partial<Patient> = {}, facts: Case = {}) =>
    verdict({ item: emergency, openings, ...about(change), grants: everything, ...facts });
  const locked: Partial<Patient> = { locks: [{ lock: 'lock', what: { records: ['r1'] } }] };
  const both = opening({ second: 'another key' });
  test.each<[string, string, string]>([
    ['none', ask([]), 'BREAK_GLASS_REQUIRED'],
    ['in its last millisecond', ask([opening()]), 'break-glass glass'],
    ['over', ask([opening({ until: noonAnd(-1) })]), 'BREAK_GLASS_OVER'],
    ['another practitioner’s', ask([opening({ practitioner: 'jon' })]), 'BREAK_GLASS_REQUIRED'],
    ['on another device', ask([opening({ device: 'other' })]), 'BREAK_GLASS_REQUIRED'],
    [
      'whatever was denied',
      ask([opening()], { denials: [never({ who: { organisation: 'Lake' } })] }),
      'break-glass glass',
    ],
    ['on what is locked, by one', ask([opening()], locked), 'SECOND_KEY_REQUIRED lock'],
    ['on what is locked, by two', ask([both], locked), 'break-glass glass'],
    [
      'on what is locked by its label, by one',
      ask([opening()], { locks: [{ lock: 'lock', what: { labels: ['psychiatry'] } }] }),
      'SECOND_KEY_REQUIRED lock',
    ],
    [
      'where all is locked, by one',
      ask([opening()], { locks: [{ lock: 'lock', what: 'all' }] }),
      'SECOND_KEY_REQUIRED lock',
    ],
    [
      'where another record is locked',
      ask([opening()], { locks: [{ lock: 'lock', what: { records: ['r2'] } }] }),
      'break-glass glass',
    ],
    [
      'on the emergency card, locked or not',
      ask([opening()], { ...locked, card: 'r1' }),
      'break-glass glass',
    ],
    [
      'by a regulator',
      ask([opening()], {}, { device: { ...device, organisation: 'Crown' } }),
      'KIND_NOT_ALLOWED',
    ],
    [
      'in a session without that purpose',
      ask([opening()], {}, { session: { ...session, purposes: ['TREAT'] } }),
      'PURPOSE_NOT_ALLOWED',
    ],
    [
      'for treatment it opens nothing',
      ask([opening()], {}, { item: { kind: 'read', purpose: 'TREAT' }, grants: [] }),
      'NO_GRANT',
    ],
  ])('%s', (_title, decided, expected) => {
    expect(decided).toBe(expected);
  });
});
