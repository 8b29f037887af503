import { generateKeyPairSync, sign } from 'node:crypto';
import { isLowS } from '@chartkey/rules';
import { nodeSignatureChecks } from '@chartkey/rules/node';
import {
  canonicalJson,
  digest,
  Failure,
  type Genesis,
  P256Key,
  queries,
  signingInput,
  thumbprint,
} from '@chartkey/vocabulary';
import type { Committed, Ledger } from '../../../gateway/src/ledger/ledger.ts';
import { persistently } from '../../../gateway/src/statements/persistence.ts';
import { Statements } from '../../../gateway/src/statements/statements.ts';
import { standingOf } from '../../support/standing.ts';

const network = `demo-${'n'.repeat(42)}A`;
const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const key = P256Key.parse(
  (({ kty, crv, x, y }) => ({ kty, crv, x, y }))(pair.publicKey.export({ format: 'jwk' })),
);
const patient = thumbprint(key);

/** A `skip` by the patient; signed anew until the signature is a low-s one. */
function skipping(seq: number, iat = Math.floor(Date.now() / 1000)): string {
  const header = canonicalJson({ alg: 'ES256', kid: patient, typ: 'chartkey-statement+jwt' });
  const payload = canonicalJson({ act: 'skip', aud: network, exp: iat + 60, iat, iss: patient, seq });
  const input = signingInput(header, payload);
  for (;;) {
    const signature = sign('sha256', Buffer.from(input), { key: pair.privateKey, dsaEncoding: 'ieee-p1363' });
    if (isLowS(signature)) return `${input}.${signature.toString('base64url')}`;
  }
}

interface Outcome {
  transaction: string;
  committedAt: string;
}

/** A network in memory, as our own peer shows it: it may be behind the others. */
class StatementLedger {
  /** by statement id, as the other peers have it */
  readonly accepted = new Map<string, Outcome>();
  /** what our own peer does not show yet */
  readonly unseen = new Set<string>();
  /** what our own peer has stored in a block and not applied yet, by the looks that it still takes */
  readonly unapplied = new Map<string, number>();
  submitted = 0;
  proposed = 0;
  conflicts = 0;

  /** Another organisation's gateway brings a statement to the ledger; our own peer is behind. */
  acceptElsewhere(statement: string): Outcome {
    const outcome = { transaction: 'e'.repeat(64), committedAt: '2026-01-01T00:00:00.000Z' };
    this.accepted.set(idOf(statement), outcome);
    this.unseen.add(idOf(statement));
    return outcome;
  }

  async submit(_: string, input: unknown, { when }: NonNullable<Parameters<Ledger['submit']>[2]> = {}) {
    this.proposed += 1;
    await new Promise((resolve) => setTimeout(resolve, 5));
    const id = idOf((input as { statement: string }).statement);
    // The peers' answers differ for as long as one of them is behind.
    if (this.unseen.has(id)) throw new Failure('LEDGER_CONFLICT');
    const first = this.accepted.get(id);
    const { transaction, committedAt } = first ?? {
      transaction: String(this.submitted).padStart(64, '0'),
      committedAt: '2026-01-01T00:00:00.000Z',
    };
    const result = { act: 'skip', id, transaction, committedAt, repeated: first !== undefined };
    if (when?.(result) === false) return { transaction, block: -1, result } satisfies Committed;
    if (this.conflicts > 0) {
      this.conflicts -= 1;
      throw new Failure('LEDGER_CONFLICT');
    }
    this.accepted.set(id, { transaction, committedAt });
    this.submitted += 1;
    return { transaction, block: 5, result } satisfies Committed;
  }

  async evaluate(query: string, id: string) {
    if (query === queries.statement) {
      const first = this.accepted.get(id);
      const looks = this.unapplied.get(id) ?? 0;
      this.unapplied.set(id, looks - 1);
      if (!first || this.unseen.has(id) || looks > 0) throw new Failure('STATEMENT_UNKNOWN');
      return { statement: '', ...first };
    }
    return { ...standingOf(patient, { sig: key }), nextSeq: 2 };
  }

  async commitOf(transaction: string) {
    const [id] = [...this.accepted].find(([, one]) => one.transaction === transaction) ?? [];
    if (id === undefined) throw new Failure('OUTCOME_UNKNOWN', { transaction });
    this.unseen.delete(id);
    return { block: 5, valid: true };
  }
}

const idOf = (statement: string) => digest(statement.slice(0, statement.lastIndexOf('.')));

let ledger: StatementLedger;
let time: number;
let statements: Statements;
beforeEach(() => {
  ledger = new StatementLedger();
  time = Date.now();
  const genesis = { organisations: [] } as unknown as Genesis;
  const whole = ledger as unknown as Ledger;
  statements = new Statements({
    ledger: whole,
    network,
    genesis,
    checks: nodeSignatureChecks,
    receipt: ({ id, transaction, block }) => `${id}.${transaction}.${block}`,
    now: () => time,
  });
});

test('the same statement again has the first outcome, also when it has expired', async () => {
  const statement = skipping(2);
  const first = await statements.submit(statement, undefined);
  expect(first).toMatchObject({ repeated: false, accepted: { block: 5 } });
  expect(await statements.submit(statement, undefined)).toEqual({ ...first, repeated: true });
  time += 120_000;
  expect(await statements.submit(statement, undefined)).toMatchObject({
    repeated: true,
    accepted: { block: 5 },
  });
  expect(ledger.submitted).toBe(1);
});

test('the same statement sent at one time is proposed once', async () => {
  const statement = skipping(2);
  const all = await Promise.all([1, 2, 3].map(() => statements.submit(statement, undefined)));
  expect(all.filter(({ repeated }) => !repeated)).toHaveLength(1);
  expect(ledger.submitted).toBe(1);
});

test('what does not verify costs no proposal', async () => {
  const [input = ''] = /^.*(?=\.)/.exec(skipping(2)) ?? [];
  const forged = `${input}.${Buffer.alloc(64, 1).toString('base64url')}`;
  await expect(statements.submit(forged, undefined)).rejects.toThrow('SIGNATURE_INVALID');
  const seconds = Math.floor(time / 1000);
  await expect(statements.submit(skipping(2, seconds - 600), undefined)).rejects.toThrow('STATEMENT_EXPIRED');
  await expect(statements.submit(skipping(2, seconds + 300), undefined)).rejects.toThrow(
    'STATEMENT_FROM_THE_FUTURE',
  );
  await expect(statements.submit('a.b.c', undefined)).rejects.toThrow('INVALID_STATEMENT');
  expect(ledger.submitted).toBe(0);
});

test('a conflict is tried again, but not for ever', async () => {
  ledger.conflicts = 2;
  expect((await statements.submit(skipping(2), undefined)).repeated).toBe(false);
  let tries = 0;
  const losing = persistently(async () => {
    tries += 1;
    throw new Failure('LEDGER_CONFLICT');
  });
  await expect(losing).rejects.toThrow('LEDGER_CONFLICT');
  expect(tries).toBe(5);
});

test('every answer has a receipt over its outcome, the repeated ones too', async () => {
  const statement = skipping(2);
  const receipt = `${idOf(statement)}.${'0'.repeat(64)}.5`;
  for (const repeated of [false, true]) {
    expect(await statements.submit(statement, undefined)).toMatchObject({ repeated, accepted: { receipt } });
  }
});

test('what another gateway brought to the ledger is waited for, never proposed anew', async () => {
  const statement = skipping(2);
  const { transaction } = ledger.acceptElsewhere(statement);
  const answer = await statements.submit(statement, undefined, transaction);
  expect(answer).toMatchObject({ repeated: true, accepted: { transaction, block: 5 } });
  expect(ledger.proposed).toBe(0);
});

test('a block that the own peer has stored and not applied yet is waited for too, also by an expired statement', async () => {
  const statement = skipping(2);
  const { transaction } = ledger.acceptElsewhere(statement);
  ledger.unapplied.set(idOf(statement), 2);
  time += 120_000;
  expect((await statements.submit(statement, undefined, transaction)).accepted.transaction).toBe(transaction);
  expect(ledger.proposed).toBe(0);
});

test('without a word on where it stands, a lagging peer is asked again before each proposal', async () => {
  const statement = skipping(2);
  const { transaction } = ledger.acceptElsewhere(statement);
  setTimeout(() => ledger.unseen.clear(), 30);
  const answer = await statements.submit(statement, undefined);
  expect(answer).toMatchObject({ repeated: true, accepted: { transaction, receipt: expect.any(String) } });
  expect(ledger.submitted).toBe(0);
});

test('a transaction that nobody knows holds nothing up: the statement is brought to the ledger', async () => {
  const answer = await statements.submit(skipping(2), undefined, 'f'.repeat(64));
  expect(answer).toMatchObject({ repeated: false, accepted: { block: 5 } });
});

test('a statement that state shows and no valid transaction bears out gets no receipt', async () => {
  const statement = skipping(2);
  await statements.submit(statement, undefined);
  ledger.commitOf = async () => ({ block: 5, valid: false });
  await expect(statements.submit(statement, undefined)).rejects.toThrow('LEDGER_DISAGREES');
});
