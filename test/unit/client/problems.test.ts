import {
  type Device,
  Interrupted,
  makeKeys,
  ProblemError,
  UnexpectedAnswer,
  Unreachable,
} from '@chartkey/client';
import { ForeignGateway, type Handler, json, problem } from './foreign-gateway.ts';

let foreign: ForeignGateway;
const record = 'r'.repeat(26);
const path = `/v1/records/${record}`;
const anchor = { record, patient: 'A'.repeat(43), custodian: 'RiversideMSP', labels: [], versions: [] };

beforeEach(async () => {
  foreign = await ForeignGateway.start();
});
afterEach(() => foreign.stop());

const ehr = async (options = {}): Promise<Device> => {
  const { sig } = await makeKeys();
  const acting = { practitioner: 'p'.repeat(26), role: 'nurse' as const, purposes: ['TREAT' as const] };
  return (await foreign.connect(options)).device(sig, acting);
};
/** Answers with each handler in turn, the last one for ever. */
const answers = (...handlers: Handler[]) =>
  foreign.on('GET', path, (seen, response) =>
    (handlers.length > 1 ? handlers.shift() : handlers[0])?.(seen, response),
  );
const failureOf = async (device: Device) => {
  const failure: unknown = await device.anchor(record).then(
    () => undefined,
    (error: unknown) => error,
  );
  return failure as ProblemError;
};
const fine: Handler = (_seen, response) => json(response, 200, anchor);
const busy: Handler = (_seen, response) => json(response, 503, { code: 'BUSY' }, { 'Retry-After': '0' });

test('a problem that names what does not fit says so in its message', async () => {
  answers((_seen, response) => problem(response, 400, 'INVALID_REQUEST', { at: 'from' }));
  const failure = await failureOf(await ehr());
  expect(failure.at).toBe('from');
  expect(failure.message).toMatch(/^INVALID_REQUEST at from: .* RFC 3339, UTC, with milliseconds\.$/);
});

test('a problem document becomes an error with its code, access and remedy', async () => {
  const access = `${'a'.repeat(64)}:3`;
  answers((_seen, response) =>
    problem(response, 403, 'NO_GRANT', { access, detail: 'Ask the patient for a grant.' }),
  );
  const failure = await failureOf(await ehr());
  expect(failure).toBeInstanceOf(ProblemError);
  expect(failure).toMatchObject({ code: 'NO_GRANT', status: 403, access, outcomeUnknown: false });
  expect(failure.message).toBe('NO_GRANT: No grant of the patient covers this. Ask the patient for a grant.');
});

test.each([
  ['HTML of a proxy', 502, '<html>Bad Gateway</html>', 'HTTP_502', true],
  ['an empty body', 500, '', 'HTTP_500', true],
  ['a list', 400, '[1]', 'HTTP_400', false],
  ['a number as code', 404, '{"code":7}', 'HTTP_404', false],
  ['a code of a later version', 403, '{"code":"PATIENT_FROZEN","title":"frozen"}', 'PATIENT_FROZEN', false],
  ['a gateway that broke', 500, '{"code":"BROKEN"}', 'BROKEN', true],
  ['a ledger that is away', 503, '{"code":"LEDGER_UNAVAILABLE"}', 'LEDGER_UNAVAILABLE', false],
  ['an unknown outcome', 504, '{"code":"OUTCOME_UNKNOWN"}', 'OUTCOME_UNKNOWN', true],
])('%s is a problem too', async (_name, status, body, code, outcomeUnknown) => {
  answers((_seen, response) => void response.writeHead(status).end(body));
  const failure = await failureOf(await ehr({ retries: false }));
  expect(failure).toBeInstanceOf(ProblemError);
  expect(failure).toMatchObject({ status, code, outcomeUnknown });
});

test('503 with Retry-After is tried again, a bounded number of times', async () => {
  answers(busy, busy, fine);
  expect((await (await ehr()).anchor(record)).record).toBe(record);
  expect(foreign.times(path)).toBe(3);
  answers(busy);
  expect(await failureOf(await ehr())).toMatchObject({ code: 'BUSY', retryAfter: 0 });
  expect(foreign.times(path)).toBe(6);
});

test.each([
  ['without Retry-After', {}, undefined],
  ['with a Retry-After beyond our patience', { 'Retry-After': '3600' }, 3600],
])('503 %s is left to the caller', async (_name, headers, retryAfter) => {
  answers((_seen, response) => json(response, 503, { code: 'BUSY' }, headers));
  const failure = await failureOf(await ehr());
  expect(failure.retryAfter).toBe(retryAfter);
  expect(foreign.times(path)).toBe(1);
});

test('a Retry-After may be a date', async () => {
  const date = new Date(Date.now() + 3_600_000).toUTCString();
  answers((_seen, response) => json(response, 503, { code: 'BUSY' }, { 'Retry-After': date }));
  const { retryAfter } = await failureOf(await ehr());
  expect(retryAfter).toBeGreaterThan(3500);
  expect(retryAfter).toBeLessThan(3700);
});

test('nothing is tried again when the caller does not want it', async () => {
  answers(busy, fine);
  expect(await failureOf(await ehr({ retries: false }))).toMatchObject({ code: 'BUSY' });
  expect(foreign.times(path)).toBe(1);
});

test('a lost connection is tried again, and is Unreachable when it stays lost', async () => {
  const lost: Handler = (seen) => void seen.raw.socket.destroy();
  answers(lost, fine);
  expect((await (await ehr()).anchor(record)).record).toBe(record);
  answers(lost);
  const failure = await failureOf(await ehr());
  expect(failure).toBeInstanceOf(Unreachable);
  expect(failure.outcomeUnknown).toBe(true);
});

test('a gateway that never answers is Unreachable', async () => {
  answers(() => undefined);
  const failure = await failureOf(await ehr({ retries: false, timeout: 50 }));
  expect(failure).toBeInstanceOf(Unreachable);
  expect(failure.message).toContain('in time');
});

test('an answer cut off in the middle is Interrupted', async () => {
  answers((_seen, response) => {
    response.writeHead(200, { 'Content-Length': '1000' });
    response.write('{"record":', () => response.destroy());
  });
  expect(await failureOf(await ehr({ retries: false }))).toBeInstanceOf(Interrupted);
});

test.each(['no JSON', '{"record":"short"}'])(
  'a success that says something else is unexpected: %s',
  async (body) => {
    answers((_seen, response) => void response.writeHead(200).end(body));
    expect(await failureOf(await ehr())).toBeInstanceOf(UnexpectedAnswer);
    expect(foreign.times(path)).toBe(1);
  },
);
