import {
  type GrantWords,
  type Keys,
  makeKeys,
  type Patient,
  ProblemError,
  StatementUnsettled,
} from '@chartkey/client';
import * as fc from 'fast-check';
import { ForeignGateway, problem } from './foreign-gateway.ts';
import { type Fate, ForeignLedger } from './foreign-ledger.ts';

let foreign: ForeignGateway;
let ledger: ForeignLedger;
let keys: Keys;
let patient: Patient;
const words: GrantWords = {
  grantee: { organisation: 'LakesideMSP' },
  scope: 'all',
  actions: ['read'],
  purposes: ['TREAT'],
};

beforeEach(async () => {
  foreign = await ForeignGateway.start();
  keys = await makeKeys();
  await startAnew();
});
afterEach(() => foreign.stop());

async function startAnew(): Promise<void> {
  ledger = new ForeignLedger(foreign, keys.sig.id, keys.sig.publicKey);
  // One try per submission, so that each fate meets one statement.
  patient = (await foreign.connect({ retries: false })).patient(keys);
}
const failureOf = (promise: Promise<unknown>) =>
  promise.then(
    () => undefined,
    (error: unknown) => error,
  );
const asked = () => foreign.times(`/v1/patients/${keys.sig.id}`);

test('numbers follow one another, and the ledger is asked for the first one only', async () => {
  ledger.next = 5;
  const ids = await Promise.all([
    patient.grant(words),
    patient.grant(words),
    patient.grant({ ...words, maxUses: 2 }),
  ]);
  expect([...ledger.accepted.values()].map(({ seq }) => seq)).toEqual([5, 6, 7]);
  expect(ledger.of('grantConsent')).toEqual(ids.map(({ id }) => id));
  expect(asked()).toBe(1);
});

test('a number that another device of the signer used is replaced by the next', async () => {
  await patient.grant(words);
  ledger.next = 9;
  const { id } = await patient.grant(words);
  expect(ledger.accepted.get(id)?.seq).toBe(9);
});

test('after an unknown outcome the number is burned, and the grant signed anew happens once', async () => {
  ledger.fates = ['lost'];
  const { id } = await patient.grant(words);
  expect([...ledger.accepted.values()].map(({ act, seq }) => [act, seq])).toEqual([
    ['skip', 1],
    ['grantConsent', 2],
  ]);
  expect(ledger.of('grantConsent')).toEqual([id]);
  const withheld = ledger.texts[0] ?? '';
  expect(ledger.accept(withheld)).toMatchObject({ status: 409, body: { code: 'STALE_SEQUENCE' } });
});

test('an outcome that was only not heard of is learned, and nothing is granted twice', async () => {
  ledger.fates = ['counts-but-504'];
  const { id } = await patient.grant(words);
  expect(ledger.of('grantConsent')).toEqual([id]);
  expect(ledger.of('skip')).toEqual([]);
  expect(ledger.next).toBe(2);
});

test('the same statement is sent again before its number is burned', async () => {
  patient = (await foreign.connect({ retries: { tries: 2, pause: 1 } })).patient(keys);
  ledger.fates = ['cut'];
  await patient.grant(words);
  expect(ledger.of('skip')).toEqual([]);
  expect(ledger.texts[0]).toBe(ledger.texts[1]);
});

test('while nothing can be learned the statement is unsettled, and the next order settles it first', async () => {
  ledger.fates = ['lost', 'cut'];
  const failure = await failureOf(patient.grant(words));
  expect(failure).toBeInstanceOf(StatementUnsettled);
  expect(failure).toMatchObject({ outcomeUnknown: true, signed: { text: ledger.texts[0] } });
  expect(patient.statements.unsettled?.text).toBe(ledger.texts[0]);
  const { id } = await patient.grant({ ...words, maxUses: 1 });
  expect(patient.statements.unsettled).toBeUndefined();
  expect(ledger.of('grantConsent')).toEqual([id]);
  expect(ledger.of('skip')).toHaveLength(1);
});

test('an app that was restarted settles what it kept', async () => {
  ledger.fates = ['counts-but-cut', 'lost'];
  const { signed } = (await failureOf(patient.grant(words))) as StatementUnsettled;
  const gateway = await foreign.connect();
  const again = gateway.patient(keys, { unsettled: structuredClone(signed) });
  expect(await again.statements.settle()).toMatchObject({ id: signed.id });
  expect(await again.statements.settle()).toBeUndefined();
  expect(ledger.of('grantConsent')).toEqual([signed.id]);
});

test('a refusal that is certain costs no number', async () => {
  ledger.fates = ['busy'];
  expect(await failureOf(patient.grant(words))).toMatchObject({
    code: 'LEDGER_UNAVAILABLE',
    outcomeUnknown: false,
  });
  expect(patient.statements.unsettled).toBeUndefined();
  expect(await patient.grant(words)).toMatchObject({ act: 'grantConsent' });
  expect(ledger.next).toBe(2);
});

test('a next number that cannot be had leaves no doubt that nothing was ordered', async () => {
  foreign.on('GET', `/v1/patients/${keys.sig.id}`, (seen) => void seen.raw.socket.destroy());
  expect(await failureOf(patient.grant(words))).toMatchObject({ name: 'Unreachable', outcomeUnknown: false });
  expect(ledger.texts).toEqual([]);
});

test('a number that stays stale is given up', async () => {
  foreign.on('POST', '/v1/statements', (_seen, response) => problem(response, 409, 'STALE_SEQUENCE'));
  const failure = await failureOf(patient.grant(words));
  expect(failure).toBeInstanceOf(ProblemError);
  expect(failure).toMatchObject({ code: 'STALE_SEQUENCE', outcomeUnknown: false });
  expect(foreign.times('/v1/statements')).toBe(4);
});

test('a revocation needs no number, and one that was not heard of can be sent again', async () => {
  const { id } = await patient.grant(words);
  await patient.revoke(id);
  expect(ledger.next).toBe(2);
  ledger.fates = ['counts-but-cut'];
  const { signed } = (await failureOf(patient.revoke(id))) as StatementUnsettled;
  expect(await patient.gateway.submit(signed.text)).toMatchObject({ act: 'revokeConsent', id: signed.id });
});

test('an enrolment is handed in by a device, with its token', async () => {
  const enrolment = await patient.enrolmentStatement({ recorder: 'RiversideMSP' });
  const { sig } = await makeKeys();
  const acting = { practitioner: 'p'.repeat(26), role: 'registrar' as const, purposes: ['TREAT' as const] };
  const desk = (await foreign.connect()).device(sig, acting);
  ledger.fates = ['counts-but-cut'];
  expect(await desk.enrol(enrolment.text)).toMatchObject({ act: 'enrolPatient', id: enrolment.id });
  const sent = foreign.seen.filter((one) => one.path === '/v1/statements');
  expect(sent.every((one) => one.headers.authorization?.startsWith('Bearer '))).toBe(true);
  expect(await patient.facts()).toMatchObject({ patient: keys.sig.id, nextSeq: 2 });
});

test('whatever befalls the requests, an order happens once or not at all, and a known failure never counts', async () => {
  const fates: Fate[] = ['fine', 'lost', 'cut', 'counts-but-504', 'counts-but-cut', 'busy'];
  const runs = fc.tuple(
    fc.array(fc.constantFrom(...fates), { maxLength: 12 }),
    fc.integer({ min: 1, max: 3 }),
  );
  await fc.assert(
    fc.asyncProperty(runs, async ([befalls, orders]) => {
      await startAnew();
      ledger.fates = [...befalls];
      for (let order = 1; order <= orders; order += 1) {
        // Each order is told apart by its maxUses.
        const result = await patient.grant({ ...words, maxUses: order }).catch((error: unknown) => error);
        const mine = () =>
          [...ledger.accepted].filter(([, one]) => 'maxUses' in one && one.maxUses === order);
        expect(mine().length).toBeLessThanOrEqual(1);
        if (!(result instanceof Error))
          expect(mine().map(([id]) => id)).toEqual([(result as { id: string }).id]);
        else if (!('outcomeUnknown' in result && result.outcomeUnknown)) expect(mine()).toEqual([]);
      }
      ledger.fates = [];
      await patient.statements.settle();
      const counted = new Map(ledger.accepted);
      for (const text of ledger.withheld) ledger.accept(text);
      expect([...ledger.accepted.keys()]).toEqual([...counted.keys()]);
    }),
    { numRuns: 60 },
  );
});
