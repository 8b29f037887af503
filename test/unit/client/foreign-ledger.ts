import { createPublicKey, verify } from 'node:crypto';
import { type ForeignGateway, json, problem, type Seen, sha256 } from './foreign-gateway.ts';

/** What befalls one request with a statement: whether it counts, and whether the client hears of it. */
export type Fate = 'fine' | 'lost' | 'cut' | 'counts-but-504' | 'counts-but-cut' | 'busy';

/** The numbered statements of one patient, as wire.md says a network treats them. */
export class ForeignLedger {
  next = 1;
  /** statement id -> payload, in order of acceptance */
  readonly accepted = new Map<string, { act: string; seq?: number }>();
  /** every text that ever reached us */
  readonly texts: string[] = [];
  /** those that the client was never told to be refused: somebody may have kept them */
  readonly withheld: string[] = [];
  fates: Fate[] = [];

  constructor(
    foreign: ForeignGateway,
    readonly patient: string,
    private readonly key: { kty: string },
  ) {
    foreign.on('GET', `/v1/patients/${patient}`, (_seen, response) =>
      json(response, 200, {
        patient,
        nextSeq: this.next,
        enrolledBy: 'RiversideMSP',
        enrolledAt: '2026-01-01T00:00:00.000Z',
      }),
    );
    foreign.on('POST', '/v1/statements', (seen, response) => {
      const fate = this.fates.shift() ?? 'fine';
      this.texts.push(seen.body.toString());
      if (fate !== 'busy') this.withheld.push(seen.body.toString());
      if (fate === 'cut') return void seen.raw.socket.destroy();
      if (fate === 'lost') return problem(response, 504, 'OUTCOME_UNKNOWN');
      if (fate === 'busy') return problem(response, 503, 'LEDGER_UNAVAILABLE');
      const answer = this.accept(seen.body.toString(), seen);
      if (fate === 'counts-but-504') return problem(response, 504, 'OUTCOME_UNKNOWN');
      if (fate === 'counts-but-cut') return void seen.raw.socket.destroy();
      json(response, answer.status, answer.body);
    });
  }

  /** As if somebody had handed the text in. */
  accept(text: string, seen?: Seen): { status: number; body: object } {
    if (seen && seen.headers['content-type'] !== 'application/jose')
      return refuse(415, 'MEDIA_TYPE_UNSUPPORTED');
    const [header, payload, signature] = text.split('.');
    const signed = Buffer.from(`${header}.${payload}`);
    const key = createPublicKey({ key: this.key, format: 'jwk' });
    const bytes = Buffer.from(signature ?? '', 'base64url');
    if (!verify('sha256', signed, { key, dsaEncoding: 'ieee-p1363' }, bytes))
      return refuse(400, 'SIGNATURE_INVALID');
    const id = sha256(`${header}.${payload}`).digest('base64url');
    const statement = JSON.parse(Buffer.from(payload ?? '', 'base64url').toString());
    const outcome = {
      act: statement.act,
      id,
      transaction: 'a'.repeat(64),
      block: 1,
      committedAt: '2026-01-01T00:00:00.000Z',
    };
    if (this.accepted.has(id)) return { status: 200, body: outcome };
    if (statement.seq !== undefined) {
      if (statement.seq !== this.next) return refuse(409, 'STALE_SEQUENCE');
      this.next += 1;
    }
    this.accepted.set(id, statement);
    return { status: 201, body: outcome };
  }

  /** Ids of the accepted statements of one kind. */
  of(act: string): string[] {
    return [...this.accepted].filter(([, one]) => one.act === act).map(([id]) => id);
  }
}

const refuse = (status: number, code: string) => ({ status, body: { code, status } });
