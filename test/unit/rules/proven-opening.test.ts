import {
  practitionersAuthor,
  provenOpening,
  readStatement,
  type Signers,
  verifyRegistration,
} from '@chartkey/rules';
import { nodeSignatureChecks as checks } from '@chartkey/rules/node';
import { Failure, type Genesis, instantAt, type PractitionerKey, type Role } from '@chartkey/vocabulary';
import { signJson, statement, statementIdOf, type TestKey, testKey } from '../../support/signing.ts';

const now = Math.floor(Date.now() / 1000);
const network = `demo-${'A'.repeat(43)}`;
const master = testKey();
const genesis = {
  organisations: [
    { id: 'Lake', kind: 'hospital' },
    { id: 'River', kind: 'hospital' },
    { id: 'Crown', kind: 'regulator' },
  ],
} as Genesis;
const patient = testKey().id;
const device = testKey().id;
const name = (letter: string) => letter.repeat(26);

function registration(key: TestKey, change: object = {}, by = master, owner = 'Lake'): string {
  const proof = { network, owner, sig: key.publicJwk, exp: now + 600 };
  const words = { practitioner: name('a'), role: 'physician', validUntil: instantAt((now + 3600) * 1000) };
  const signed = signJson({ alg: 'ES256', typ: 'chartkey-key+jwt' }, proof, key);
  const payload = { iss: 'Lake', aud: network, seq: 1, act: 'registerPractitioner', key: signed };
  return statement({ ...payload, ...words, ...change }, by);
}
/** Practitioners' keys as their registrations prove them. */
function signersOf(registrations: string[], revoked: string[] = []): Signers {
  const keys = new Map<string, PractitionerKey>();
  for (const one of registrations) {
    const proven = verifyRegistration(one, master.publicJwk, { network, checks });
    const status = revoked.includes(proven.key) ? 'revoked' : 'registered';
    keys.set(proven.key, { ...proven, status, registeredAt: instantAt(now * 1000) });
  }
  return {
    network,
    checks,
    person: async () => undefined,
    practitioner: async (key) => keys.get(key),
    masterKey: async () => master.publicJwk,
  };
}
const opener = testKey();
const colleague = testKey();
const says = (payload: object, key: TestKey) =>
  statement({ iss: key.id, aud: network, seq: 1, ...payload }, key, now);
const opening = (change: object = {}, key = opener) => {
  const words = { patient, device, reason: 'unconscious', text: 'A'.repeat(43), minutes: 60 };
  return says({ act: 'openBreakGlass', ...words, ...change }, key);
};
const second = (of: string, key = colleague) =>
  says({ act: 'secondBreakGlass', opening: statementIdOf(of) }, key);
const registered = [registration(opener), registration(colleague, { practitioner: name('b') })];
const use = { patient, organisation: 'Lake', genesis, time: now * 1000 };

async function codeOf(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => 'proven',
    (error: unknown) => {
      if (error instanceof Failure) return error.code;
      throw error;
    },
  );
}

test('an opening and its second are proven from statements alone', async () => {
  const opened = opening();
  const proven = await provenOpening({ opening: opened, second: second(opened) }, use, signersOf(registered));
  expect(proven).toEqual({
    opening: statementIdOf(opened),
    key: opener.id,
    practitioner: name('a'),
    device,
    until: instantAt((now + 3600) * 1000),
    second: colleague.id,
  });
});

describe('nothing else is', () => {
  const opened = opening();
  const as = (role: Role) => [registration(opener, { role })];
  const stranger = testKey();
  test.each<[string, { opening: string; second?: string }, Partial<typeof use>, Signers, string]>([
    [
      'an opening by an unregistered key',
      { opening: opening({}, stranger) },
      {},
      signersOf(registered),
      'PRACTITIONER_UNKNOWN',
    ],
    ['by a clerk', { opening: opened }, {}, signersOf(as('registrar')), 'ROLE_NOT_ALLOWED'],
    ['for another patient', { opening: opened }, { patient: device }, signersOf(registered), 'NOT_YOURS'],
    [
      'of another organisation',
      { opening: opened },
      { organisation: 'River' },
      signersOf(registered),
      'NOT_YOURS',
    ],
    [
      'in its last second',
      { opening: opened },
      { time: (now + 3600) * 1000 },
      signersOf(registered),
      'proven',
    ],
    [
      'after its end',
      { opening: opened },
      { time: (now + 3600) * 1000 + 1 },
      signersOf([registration(opener, { validUntil: instantAt((now + 9999) * 1000) })]),
      'BREAK_GLASS_OVER',
    ],
    [
      'after the end of its key',
      { opening: opening({ minutes: 60 }) },
      { time: (now + 3600) * 1000 + 1 },
      signersOf(registered),
      'PRACTITIONER_EXPIRED',
    ],
    [
      'by a key revoked since',
      { opening: opened },
      {},
      signersOf(registered, [opener.id]),
      'PRACTITIONER_REVOKED',
    ],
    [
      'with a second revoked since',
      { opening: opened, second: second(opened) },
      {},
      signersOf(registered, [colleague.id]),
      'PRACTITIONER_REVOKED',
    ],
    [
      'with a second of another opening',
      { opening: opened, second: second(opening({ minutes: 5 })) },
      {},
      signersOf(registered),
      'NOT_YOURS',
    ],
    [
      'with a second by oneself',
      { opening: opened, second: second(opened, opener) },
      {},
      signersOf(registered),
      'SAME_PRACTITIONER',
    ],
    [
      'with a second for an opening',
      { opening: opened, second: opened },
      {},
      signersOf(registered),
      'INVALID_STATEMENT',
    ],
    [
      'by words changed afterwards',
      { opening: tampered(opened) },
      {},
      signersOf(registered),
      'SIGNATURE_INVALID',
    ],
  ])('%s', async (_title, statements, change, signers, expected) => {
    expect(await codeOf(provenOpening(statements, { ...use, ...change }, signers))).toBe(expected);
  });

  test.each<[string, () => string, string]>([
    ['a registration by another master key', () => registration(opener, {}, testKey()), 'SIGNATURE_INVALID'],
    [
      'one whose key proved itself to another organisation',
      () => registration(opener, {}, master, 'River'),
      'INVALID_PROOF',
    ],
    [
      'one for another network',
      () => registration(opener, { aud: `demo-${'B'.repeat(43)}` }),
      'WRONG_NETWORK',
    ],
  ])('%s', async (_title, make, expected) => {
    const verify = async () => verifyRegistration(make(), master.publicJwk, { network, checks });
    expect(await codeOf(verify())).toBe(expected);
  });

  test('a statement signed by a registered key that says another issuer', async () => {
    const foreign = readStatement(
      says({ act: 'secondBreakGlass', opening: device, iss: colleague.id }, opener),
    );
    expect(await codeOf(practitionersAuthor(foreign, signersOf(registered), now * 1000))).toBe(
      'SIGNATURE_INVALID',
    );
  });
});

function tampered(compact: string): string {
  const [header, payload, signature] = compact.split('.') as [string, string, string];
  const said = Buffer.from(payload, 'base64url').toString().replace('"minutes":60', '"minutes":59');
  return `${header}.${Buffer.from(said).toString('base64url')}.${signature}`;
}
