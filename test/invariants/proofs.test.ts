import { randomBytes } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import * as wire from '../journeys/independent-client.ts';
import { blocksFrom } from '../support/chain-order.ts';
import { sharedConsortium } from '../support/consortium.ts';
import { endorseAccess } from '../support/early-endorsement.ts';
import { connectAs, LedgerActor } from '../support/ledger-actor.ts';
import { askRelease, askSealed, gatewayKey, proof, releasesAt, sealedAt } from '../support/release-proofs.ts';
import { cast } from '../support/rest-actors.ts';
import { sendStatement, withoutReceipt } from '../support/rest-answers.ts';
import { assertionOf } from '../support/rest-device.ts';
import { type RestPatient } from '../support/rest-patient.ts';
import { askToken } from '../support/rest-tokens.ts';
import { share, soaking } from '../support/share.ts';

const { credentials, dataDir } = sharedConsortium();
const people = cast(credentials);
const { river, lake, regulator, insurer } = people;
const ledger = connectAs('RegulatorMSP');
const lakeOnLedger = new LedgerActor('LakesideMSP');
const lakeGateway = gatewayKey(dataDir, 'LakesideMSP');
const content = randomBytes(300);
const MVCC_READ_CONFLICT = 11;
let patient: RestPatient;
let record: string;
let grant: string;
let session: string;

beforeAll(async () => {
  patient = await people.patient();
  record = await people.record(patient, content);
  grant = await patient.grant('LakesideMSP');
  session = await lakeOnLedger.session();
});
afterAll(() => {
  ledger.close();
  lakeOnLedger.close();
});

const item = () => ({ kind: 'read' as const, session, record, purpose: 'TREAT' as const });

/** A granted access whose key nobody has asked for yet. */
async function grantedAccess(): Promise<string> {
  const { transaction, outcomes } = await lakeOnLedger.request(item());
  expect(outcomes[0]?.is).toBe('granted');
  return `${transaction}:0`;
}

test('a statement sent again, through any gateway and at once, has one effect and one outcome', async () => {
  for (let round = 0; round < share(2_000, 2); round += 1) {
    const text = patient.grantText('HilltopMSP', { maxUses: 1 });
    const gateways = [river, lake, regulator, insurer, river].map(({ url }) => url);
    const first = await sendStatement(river.url, text);
    expect(first.status).toBe(201);
    const answers = await Promise.all(gateways.map((url) => sendStatement(url, text)));
    const said = answers.map(({ status, json }) => [status, withoutReceipt(json)]);
    expect(said).toEqual(answers.map(() => [200, withoutReceipt(first.json)]));
    const revocation = patient.revocation(wire.statementId(text));
    const many = await Promise.all(gateways.map((url) => sendStatement(url, revocation)));
    const bodies = many
      .filter(({ status }) => status < 300)
      .map(({ json }) => JSON.stringify(withoutReceipt(json)));
    expect(new Set(bodies).size).toBe(1);
    expect(many.filter(({ status }) => status === 201).length).toBeLessThanOrEqual(1);
  }
  const listed = await patient.pages(`/v1/patients/${patient.id}/grants`);
  expect(new Set(listed.map((one) => one['grant'])).size).toBe(listed.length);
});

test('an assertion works once, at the gateway it is addressed to', async () => {
  for (let round = 0; round < share(200, 1); round += 1) {
    const assertion = assertionOf(river, ['TREAT']);
    const elsewhere = await askToken(lake.organisation.tokenUrl, assertion);
    expect([elsewhere.status, elsewhere.code]).toEqual([401, 'CLIENT_UNKNOWN']);
    const answers = await Promise.all(
      Array.from({ length: 5 }, () => askToken(river.organisation.tokenUrl, assertion)),
    );
    const codes = answers.map(({ status, code }) => `${status} ${code}`).sort();
    expect(codes).toEqual(['200 ', ...Array(4).fill('401 ASSERTION_REPLAYED')]);
    const borrowed = await askToken(
      lake.organisation.tokenUrl,
      assertionOf(river, ['TREAT'], { aud: lake.organisation.tokenUrl }),
    );
    expect([borrowed.status, borrowed.code]).toEqual([401, 'CLIENT_UNKNOWN']);
  }
});

describe('a release', () => {
  const now = () => Math.floor(Date.now() / 1000);
  const audience = () => releasesAt(river.url);
  const bad: [string, () => string][] = [
    ['without a signature', () => unsigned({ alg: 'none' })],
    ['with its own public key as secret', () => unsigned({ alg: 'HS256' })],
    ['of a key that nobody approved', () => proof(wire.makeKey(), audience())],
    ['in the name of another key', () => proof({ ...wire.makeKey(), id: lakeGateway.id }, audience())],
    ['addressed to the asker itself', () => proof(lakeGateway, releasesAt(lake.url))],
    ['addressed to sealed bytes', () => proof(lakeGateway, sealedAt(river.url, 'a'.repeat(64)))],
    ['that has expired', () => proof(lakeGateway, audience(), { iat: now() - 70, exp: now() - 10 })],
    ['from the future', () => proof(lakeGateway, audience(), { iat: now() + 40, exp: now() + 90 })],
    ['that lives too long', () => proof(lakeGateway, audience(), { exp: now() + 300 })],
    ['without a jti', () => proof(lakeGateway, audience(), { jti: '' })],
    ['with another subject', () => proof(lakeGateway, audience(), { sub: lake.id })],
    ['with one member more', () => proof(lakeGateway, audience(), { scope: 'all' })],
    ['of another type', () => proof(lakeGateway, audience(), {}, { typ: 'JWT' })],
    ['that brings its own key', () => proof(lakeGateway, audience(), {}, { jwk: lakeGateway.publicJwk })],
  ];
  const unsigned = (header: Record<string, unknown>) => {
    const [head, payload] = proof(lakeGateway, audience(), {}, header).split('.');
    return `${head}.${payload}.`;
  };

  test('is refused for every bad proof and every stranger, which spends nothing; then is had once', async () => {
    for (let round = 0; round < share(100, 1); round += 1) {
      const access = await grantedAccess();
      const tried = await Promise.all(
        bad.map(async ([_what, make]) => askRelease(river.url, access, make())),
      );
      expect(tried.map(({ status, code }) => `${status} ${code}`)).toEqual(
        bad.map(() => '401 RELEASE_PROOF_INVALID'),
      );
      for (const stranger of ['RiversideMSP', 'RegulatorMSP', 'InsurerMSP']) {
        const bearer = proof(gatewayKey(dataDir, stranger), audience());
        const { status, code } = await askRelease(river.url, access, bearer);
        expect([stranger, status, code]).toEqual([stranger, 403, 'RELEASE_REFUSED']);
      }
      const early = await askSealed(river.url, access, proof(lakeGateway, sealedAt(river.url, access)));
      expect([early.status, early.code]).toEqual([403, 'RELEASE_REFUSED']);

      const good = proof(lakeGateway, audience());
      const had = await askRelease(river.url, access, good);
      expect(had).toMatchObject({ status: 200, json: { access, key: expect.any(String) } });
      const again = await askRelease(river.url, access, good);
      expect([again.status, again.code]).toEqual([401, 'RELEASE_PROOF_INVALID']);
      const anew = await askRelease(river.url, access, proof(lakeGateway, audience()));
      expect([anew.status, anew.code]).toEqual([409, 'ALREADY_RELEASED']);

      const forSealed = proof(lakeGateway, sealedAt(river.url, access));
      expect((await askSealed(river.url, access, forSealed)).status).toBe(200);
      const other = await grantedAccess();
      for (const [of, bearer] of [
        [access, forSealed],
        [other, proof(lakeGateway, sealedAt(river.url, access))],
      ] as const) {
        const { status, code } = await askSealed(river.url, of, bearer);
        expect([status, code]).toEqual([401, 'RELEASE_PROOF_INVALID']);
      }
      const stranger = gatewayKey(dataDir, 'RegulatorMSP');
      const foreign = await askSealed(river.url, access, proof(stranger, sealedAt(river.url, access)));
      expect([foreign.status, foreign.code]).toEqual([403, 'RELEASE_REFUSED']);
    }
  });

  test('asked for many times at once is had once', async () => {
    const access = await grantedAccess();
    const answers = await Promise.all(
      Array.from({ length: 8 }, () => askRelease(river.url, access, proof(lakeGateway, audience()))),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([200, ...Array(7).fill(409)]);
  });

  test('of what was never granted, or never asked, is refused', async () => {
    const denied = await lakeOnLedger.request({ ...item(), purpose: 'HRESCH' });
    // A custodian waits 5 s for a transaction that nobody has seen, so that one is for a soak.
    const unseen = soaking ? [[`${'0'.repeat(64)}:0`, '503 BUSY'] as const] : [];
    for (const [access, outcome] of [
      [`${denied.transaction}:0`, '403 RELEASE_REFUSED'] as const,
      [`${denied.transaction}:1`, '404 ACCESS_UNKNOWN'] as const,
      ...unseen,
    ]) {
      const { status, code } = await askRelease(river.url, access, proof(lakeGateway, audience()));
      expect(`${status} ${code}`).toBe(outcome);
    }
  });

  test('of an access endorsed before a revocation and submitted after it is refused: it never came to be', async () => {
    for (let round = 0; round < share(100, 1); round += 1) {
      const held = await endorseAccess('LakesideMSP', [item()]);
      await patient.revoke(grant);
      expect(await held.submit()).toBe(MVCC_READ_CONFLICT);
      const { status, code } = await askRelease(
        river.url,
        `${held.transaction}:0`,
        proof(lakeGateway, audience()),
      );
      expect([status, code]).toEqual([404, 'ACCESS_UNKNOWN']);
      grant = await patient.grant('LakesideMSP');
    }
  });

  // Holding an endorsement for longer than the 30 s of the release rule is for a soak.
  if (soaking) {
    test('of an access that was held back for more than 30 s is refused, though it committed', async () => {
      const held = await Promise.all(
        Array.from({ length: 64 }, () => endorseAccess('LakesideMSP', [item()])),
      );
      await pause(35_000);
      for (const one of held) {
        expect(await one.submit()).toBe(0);
        const bearer = proof(lakeGateway, audience());
        const { status, code } = await askRelease(river.url, `${one.transaction}:0`, bearer);
        expect([status, code]).toEqual([409, 'ACCESS_TOO_OLD']);
      }
    }, 120_000);
  }
});

test('another organisation’s live session opens nothing, and leaves no entry', async () => {
  const riverOnLedger = new LedgerActor('RiversideMSP');
  const first = await ledger.height();
  await expect(riverOnLedger.request(item())).rejects.toMatchObject({ code: 'SESSION_FOREIGN' });
  riverOnLedger.close();
  const writes = (await blocksFrom(ledger, first)).flatMap(({ transactions }) =>
    transactions.flatMap((one) => one.writes),
  );
  expect(JSON.stringify(writes.filter(({ objectType }) => objectType === 'accesses'))).not.toContain(session);
});
