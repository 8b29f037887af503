import {
  type AccessItem,
  type AccessOutcome,
  Failure,
  instantAt,
  queries,
  Refused,
} from '@chartkey/vocabulary';
import { Asking } from '../../../gateway/src/access/asking.ts';
import { Reads } from '../../../gateway/src/access/reads.ts';
import type { Caller } from '../../../gateway/src/gateway.ts';
import type { Committed, Ledger } from '../../../gateway/src/ledger/ledger.ts';
import type { Reading } from '../../../gateway/src/release/index.ts';
import { RetryKeys } from '../../../gateway/src/retry-keys.ts';

const record = 'r'.repeat(26);
const caller: Caller = {
  session: {
    session: 's',
    subject: 'device',
    id: 'd',
    startedBy: 'AMSP',
    purposes: ['TREAT'],
    until: instantAt(Date.now() + 300_000),
  },
};

/** A ledger that decides as it is told, and notes what was proposed and what submitted. */
class DecidingLedger implements Pick<Ledger, 'submit' | 'evaluate'> {
  readonly proposed: AccessItem[][] = [];
  submitted = 0;
  constructor(private readonly decide: (item: AccessItem) => AccessOutcome) {}

  async submit(_: string, input: unknown, options: Parameters<Ledger['submit']>[2] = {}): Promise<Committed> {
    const { items } = input as { items: AccessItem[] };
    this.proposed.push(items);
    const result = { outcomes: items.map((item) => this.decide(item)) };
    const goesOn = options.when?.(result) ?? true;
    if (goesOn) this.submitted += 1;
    const transaction = String(this.proposed.length).padStart(64, '0');
    return { transaction, block: goesOn ? this.proposed.length : -1, result };
  }

  async evaluate(query: string, access = ''): Promise<unknown> {
    if (query !== queries.access) throw new Failure('BROKEN');
    return earlierEntry(access);
  }
}

const earlierEntry = (access: string) => ({
  access,
  kind: 'read',
  time: '2026-01-01T00:00:00.000Z',
  record,
  version: 1,
  patient: 'A'.repeat(43),
  session: 'A'.repeat(43),
  organisation: 'AMSP',
  device: 'A'.repeat(43),
  practitioner: 'a'.repeat(26),
  role: 'nurse',
  purpose: 'TREAT',
  decision: 'denied',
  code: 'NO_GRANT',
});

function readsOver(decide: (item: AccessItem) => AccessOutcome) {
  const ledger = new DecidingLedger(decide);
  const opened: { access: string; keep: boolean }[] = [];
  const forgotten: string[] = [];
  const header = { version: 3, mediaType: 'text/plain', length: 5, sha256: 'A'.repeat(43) };
  const releases = {
    async open({ access }: { access: string }, { keep }: { keep: boolean }) {
      opened.push({ access, keep });
      const forget = () => forgotten.push(access);
      return { access, header, forget, content: async () => [].values() } as unknown as Reading;
    },
  };
  const retryKeys = new RetryKeys(new Uint8Array(32));
  const reads = new Reads({ asking: new Asking({ ledger }), releases, retryKeys });
  return { reads, ledger, opened, forgotten };
}

const granted = (): AccessOutcome => ({ is: 'granted', basis: 'custodian', version: 3 });

test('each read without a key is an access of its own, and its key is forgotten', async () => {
  const { reads, ledger, opened, forgotten } = readsOver(granted);
  await reads.readContent({ caller, record });
  await reads.readContent({ caller, record });
  expect(ledger.submitted).toBe(2);
  expect(new Set(opened.map(({ access }) => access)).size).toBe(2);
  expect(forgotten).toHaveLength(2);
});

test('reads with one key in one session share one access, also at one time', async () => {
  const { reads, ledger, opened, forgotten } = readsOver(granted);
  const read = () => reads.readContent({ caller, record, idempotencyKey: 'view' });
  await Promise.all([read(), read(), read()]);
  await read();
  expect(ledger.submitted).toBe(1);
  expect(new Set(opened.map(({ access }) => access)).size).toBe(1);
  expect(opened.every(({ keep }) => keep)).toBe(true);
  expect(forgotten).toEqual([]);
});

test('the same key for another read is a mismatch, in another session another access', async () => {
  const { reads, ledger } = readsOver(granted);
  await reads.readContent({ caller, record, idempotencyKey: 'view' });
  await expect(reads.readContent({ caller, record, version: 2, idempotencyKey: 'view' })).rejects.toThrow(
    'IDEMPOTENCY_MISMATCH',
  );
  const later: Caller = { session: { ...caller.session, session: 's2' } };
  await reads.readContent({ caller: later, record, idempotencyKey: 'view' });
  expect(ledger.submitted).toBe(2);
});

test('a client’s key never reaches the ledger', async () => {
  const { reads, ledger } = readsOver(granted);
  await reads.readContent({ caller, record, idempotencyKey: 'canary' });
  expect(JSON.stringify(ledger.proposed)).not.toContain('canary');
  expect(ledger.proposed[0]?.[0]).toHaveProperty('retryKey', expect.stringMatching(/^[A-Za-z0-9_-]{43}$/));
});

test('a denial names its entry', async () => {
  const { reads, ledger } = readsOver(() => ({ is: 'denied', code: 'NO_GRANT' }));
  const refused = await reads.readContent({ caller, record }).catch((error: unknown) => error);
  expect(refused).toBeInstanceOf(Refused);
  expect(refused).toMatchObject({ code: 'NO_GRANT', access: `${'1'.padStart(64, '0')}:0` });
  expect(ledger.submitted).toBe(1);
});

test('a record that does not exist leaves no entry', async () => {
  const { reads, ledger } = readsOver(() => ({ is: 'refused', code: 'RECORD_UNKNOWN' }));
  const refused = await reads.readContent({ caller, record }).catch((error: unknown) => error);
  expect(refused).not.toBeInstanceOf(Refused);
  expect(refused).toMatchObject({ code: 'RECORD_UNKNOWN' });
  expect(ledger.submitted).toBe(0);
});

test('a key that was denied before has the same denial again', async () => {
  const access = `${'e'.repeat(64)}:4`;
  const { reads, ledger } = readsOver(() => ({ is: 'repeated', access }));
  const again = reads.readContent({ caller, record, idempotencyKey: 'view' });
  await expect(again).rejects.toMatchObject({ code: 'NO_GRANT', access });
  expect(ledger.submitted).toBe(0);
});

test('a range beyond the content names its length, and the key is forgotten', async () => {
  const { reads, forgotten } = readsOver(granted);
  const read = reads.readContent({ caller, record, range: { first: 5 } });
  await expect(read).rejects.toThrow('[RANGE_NOT_SATISFIABLE] length=5');
  expect(forgotten).toHaveLength(1);
  expect((await reads.readContent({ caller, record, range: { suffix: 2 } })).part).toEqual({
    first: 3,
    last: 4,
  });
});

test('no content is opened on a patient’s authority', async () => {
  const { reads, ledger } = readsOver(granted);
  const patient: Caller = { session: { ...caller.session, subject: 'patient' } };
  await expect(reads.readContent({ caller: patient, record })).rejects.toThrow('END_TO_END_ONLY');
  expect(ledger.proposed).toEqual([]);
});
