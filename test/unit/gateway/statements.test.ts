import { generateKeyPairSync, sign } from 'node:crypto';
import { isLowS } from '@chartkey/rules';
import { nodeSignatureChecks } from '@chartkey/rules/node';
import {
  canonicalJson,
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

class StatementLedger {
  readonly accepted = new Map<string, { transaction: string; committedAt: string }>();
  submitted = 0;
  conflicts = 0;

  async submit(_: string, input: unknown, { when }: NonNullable<Parameters<Ledger['submit']>[2]> = {}) {
    await new Promise((resolve) => setTimeout(resolve, 5));
    const { statement } = input as { statement: string };
    const id = statement.slice(0, statement.lastIndexOf('.'));
    const first = this.accepted.get(id);
    const { transaction, committedAt } = first ?? {
      transaction: String(this.submitted).padStart(64, '0'),
      committedAt: '2026-01-01T00:00:00.000Z',
    };
    const result = {
      act: 'skip',
      id: 'A'.repeat(43),
      transaction,
      committedAt,
      repeated: first !== undefined,
    };
    if (when?.(result) === false) return { transaction, block: -1, result } satisfies Committed;
    if (this.conflicts > 0) {
      this.conflicts -= 1;
      throw new Failure('LEDGER_CONFLICT');
    }
    this.accepted.set(id, { transaction, committedAt });
    this.submitted += 1;
    return { transaction, block: 5, result } satisfies Committed;
  }

  async evaluate(query: string) {
    if (query === queries.statement) {
      const [first] = this.accepted.values();
      if (!first) throw new Failure('STATEMENT_UNKNOWN');
      return { statement: '', ...first };
    }
    return { ...standingOf(patient, { sig: key }), nextSeq: 2 };
  }

  async commitOf() {
    return { block: 5, valid: true };
  }
}

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
