import { basisOf } from '@chartkey/rules';
import type { FailureCode, LiveOpening, Patient } from '@chartkey/vocabulary';

const at = Date.parse('2026-06-01T12:00:00.000Z');
const instant = (milliseconds: number) => new Date(at + milliseconds).toISOString();
const record = { record: 'r1', labels: ['l1'], madeAt: instant(-1000) };
const ask = {
  organisation: 'Lake',
  device: 'd1',
  practitioner: 'p1',
  role: 'physician' as const,
  action: 'read' as const,
  record,
  purposes: ['ETREAT' as const],
  time: at,
};
const opening = (change: Partial<LiveOpening> = {}): LiveOpening => ({
  ...{ opening: 'o1', key: 'k1', practitioner: 'p1', device: 'd1', until: instant(0) },
  ...change,
});
const seconded = opening({ opening: 'o2', second: 'k2' });
const standing = (change: Partial<Patient>) =>
  ({ locks: [], denials: [], rules: [], ...change }) as unknown as Patient;
const locked = (what: Patient['locks'][number]['what']) => standing({ locks: [{ lock: 'lock', what }] });
const { record: _none, ...list } = ask;
const denial = standing({ denials: [{ denial: 'd', who: { organisation: 'Lake' } }] });
const fallen = (...keys: [string, FailureCode][]) => new Map(keys);

describe('what an emergency rests on', () => {
  test.each<[string, Parameters<typeof basisOf>[0], Parameters<typeof basisOf>[1], string]>([
    ['nothing opened', ask, { relation: { grants: [] } }, 'BREAK_GLASS_REQUIRED'],
    ['an opening, in its last millisecond', ask, { relation: { grants: [] }, openings: [opening()] }, 'o1'],
    [
      'an opening that is over',
      ask,
      { relation: { grants: [] }, openings: [opening({ until: instant(-1) })] },
      'BREAK_GLASS_OVER',
    ],
    [
      'one that is over and one that lives',
      ask,
      { relation: { grants: [] }, openings: [opening({ until: instant(-1) }), seconded] },
      'o2',
    ],
    [
      'another practitioner’s',
      ask,
      { relation: { grants: [] }, openings: [opening({ practitioner: 'p2' })] },
      'BREAK_GLASS_REQUIRED',
    ],
    [
      'one on another device',
      ask,
      { relation: { grants: [] }, openings: [opening({ device: 'd2' })] },
      'BREAK_GLASS_REQUIRED',
    ],
    ['a list', list, { relation: { grants: [] }, openings: [opening()] }, 'o1'],
    [
      'recording',
      { ...ask, action: 'record' },
      { relation: { grants: [] }, openings: [opening()] },
      'PURPOSE_NOT_ALLOWED',
    ],
    [
      'whatever the patient denied',
      ask,
      { relation: { grants: [] }, openings: [opening()], standing: denial },
      'o1',
    ],
    [
      'a key revoked since',
      ask,
      { relation: { grants: [] }, openings: [opening()], fallen: fallen(['k1', 'PRACTITIONER_REVOKED']) },
      'PRACTITIONER_REVOKED',
    ],
    [
      'a key past its time',
      ask,
      { relation: { grants: [] }, openings: [opening()], fallen: fallen(['k1', 'PRACTITIONER_EXPIRED']) },
      'PRACTITIONER_EXPIRED',
    ],
    [
      'a revoked key and another one',
      ask,
      {
        relation: { grants: [] },
        openings: [opening(), opening({ opening: 'o3', key: 'k3' })],
        fallen: fallen(['k1', 'PRACTITIONER_REVOKED']),
      },
      'o3',
    ],
    [
      'all locked, one key',
      ask,
      { relation: { grants: [] }, openings: [opening()], standing: locked('all') },
      'SECOND_KEY_REQUIRED',
    ],
    [
      'all locked, two keys',
      ask,
      { relation: { grants: [] }, openings: [opening(), seconded], standing: locked('all') },
      'o2',
    ],
    [
      'all locked, the second key revoked since',
      ask,
      {
        relation: { grants: [] },
        openings: [seconded],
        standing: locked('all'),
        fallen: fallen(['k2', 'PRACTITIONER_REVOKED']),
      },
      'SECOND_KEY_REQUIRED',
    ],
    [
      'this record locked',
      ask,
      { relation: { grants: [] }, openings: [opening()], standing: locked({ records: ['r1'] }) },
      'SECOND_KEY_REQUIRED',
    ],
    [
      'its label locked',
      ask,
      { relation: { grants: [] }, openings: [opening()], standing: locked({ labels: ['l1'] }) },
      'SECOND_KEY_REQUIRED',
    ],
    [
      'another record locked',
      ask,
      { relation: { grants: [] }, openings: [opening()], standing: locked({ records: ['r2'] }) },
      'o1',
    ],
    [
      'a list where a record is locked',
      list,
      { relation: { grants: [] }, openings: [opening()], standing: locked({ records: ['r1'] }) },
      'o1',
    ],
    [
      'a list where all is locked',
      list,
      { relation: { grants: [] }, openings: [opening()], standing: locked('all') },
      'SECOND_KEY_REQUIRED',
    ],
    [
      'the emergency card, all locked, one key',
      ask,
      { relation: { grants: [] }, openings: [opening()], standing: { ...locked('all'), card: 'r1' } },
      'o1',
    ],
    [
      'another record than the card, all locked',
      ask,
      { relation: { grants: [] }, openings: [opening()], standing: { ...locked('all'), card: 'r2' } },
      'SECOND_KEY_REQUIRED',
    ],
    [
      'a card, but nothing opened',
      ask,
      { relation: { grants: [] }, standing: standing({ card: 'r1' }) },
      'BREAK_GLASS_REQUIRED',
    ],
  ])('%s', (_title, asked, facts, expected) => {
    const decision = basisOf(asked, facts);
    if (decision.is === 'granted') expect(decision.basis).toBe('break-glass');
    expect(decision.is === 'granted' ? decision.ground : decision.code).toBe(expected);
  });
});
