import { canonicalJson, connect, type Gateway } from '@chartkey/client';
import { algorithmOf } from '@chartkey/vocabulary';
import { signJson, statement, type TestKey, testKey } from '../../support/signing.ts';
import { ForeignGateway, json, problem, sha256 } from './foreign-gateway.ts';

type Json = Record<string, unknown>;

/** One organisation of the consortium: its gateway, its master key, its gateway's device. */
export class ForeignMember {
  /** receipts given so far, as they were signed */
  readonly receipts: string[] = [];
  /** what it says of the outcome, where that is not the truth */
  lies: Json = {};
  /** signs its receipts; its approved gateway device unless a test says otherwise */
  signs: TestKey;
  /** members of a receipt that differ from what the answer's body says */
  forges: Json = {};
  isDown = false;
  givesReceipts = true;
  /** where the last statement was said to stand already */
  carried: string | null = null;

  constructor(
    readonly id: string,
    readonly gateway: ForeignGateway,
    readonly master: TestKey,
    readonly device: TestKey,
  ) {
    this.signs = device;
  }
}

interface Approval {
  organisation: string;
  use: string;
  status: string;
  key: TestKey;
  enc: TestKey;
  statement: string;
}

/** Two organisations' gateways that somebody else wrote, on one chain, as wire.md says. */
export class ForeignConsortium {
  /** statement id -> what became of it */
  readonly chain = new Map<string, Json>();
  readonly approvals = new Map<string, Approval>();

  private constructor(
    readonly river: ForeignMember,
    readonly lake: ForeignMember,
  ) {}

  static async start(): Promise<ForeignConsortium> {
    const member = async (id: string, device: TestKey) =>
      new ForeignMember(id, await ForeignGateway.start(), testKey(), device);
    const both = new ForeignConsortium(
      await member('RiversideMSP', testKey()),
      await member('LakesideMSP', testKey('P-384')),
    );
    for (const one of [both.river, both.lake]) {
      both.approve(one, one.device);
      both.serve(one);
    }
    return both;
  }

  get genesis() {
    const organisations = [this.river, this.lake].map(({ id, gateway: { url }, master }) => {
      const masterKey = master.publicJwk;
      return { id, name: id, kind: 'hospital', url, tokenUrl: `${url}/v1/oauth/token`, masterKey };
    });
    const salt = 'A'.repeat(43);
    return {
      format: 'chartkey-genesis/1',
      demo: true,
      ledger: 'embedded',
      channel: 'records',
      salt,
      organisations,
    };
  }

  get network(): string {
    return `demo-${sha256(canonicalJson(this.genesis)).digest('base64url')}`;
  }

  connect(to: ForeignMember): Promise<Gateway> {
    return connect(to.gateway.url, { network: this.network, retries: false });
  }

  /** Approves a device by the organisation's master key, unless it is to be signed by another. */
  approve(by: ForeignMember, key: TestKey, { use = 'gateway', master = by.master } = {}): void {
    const { network } = this;
    const enc = testKey();
    const exp = Math.floor(Date.now() / 1000) + 600;
    const facts = { network, organisation: by.id, sig: key.publicJwk, enc: enc.publicJwk, use, exp };
    const device = signJson({ alg: algorithmOf(key.publicJwk), typ: 'chartkey-device+jwt' }, facts, key);
    const order = { act: 'approveDevice', iss: by.id, aud: network, seq: 1, device };
    const approval = { organisation: by.id, use, status: 'approved', key, enc };
    this.approvals.set(key.id, { ...approval, statement: statement(order, master) });
  }

  async stop(): Promise<void> {
    await Promise.all([this.river, this.lake].map(({ gateway }) => gateway.stop()));
  }

  private serve(member: ForeignMember): void {
    const { gateway } = member;
    gateway.on('GET', '/.well-known/chartkey', (_seen, response) => {
      const { network, genesis } = this;
      json(response, 200, { network, ledger: 'embedded', organisation: member.id, genesis, signatures: {} });
    });
    gateway.on('GET', /^\/v1\/organisations\/\w+\/devices\/[\w-]+$/, ({ path }, response) => {
      const [, , , organisation, , device = ''] = path.split('/');
      const found = this.approvals.get(device);
      if (!found || found.organisation !== organisation) return problem(response, 404, 'DEVICE_UNKNOWN');
      const { use, status, key, enc, statement: approval } = found;
      const keys = { sig: key.publicJwk, enc: enc.publicJwk };
      const approvedAt = '2026-01-01T00:00:00.000Z';
      json(response, 200, { device, organisation, use, status, approvedAt, ...keys, statement: approval });
    });
    gateway.on('POST', '/v1/statements', (seen, response) => {
      member.carried = seen.query.get('transaction');
      if (member.isDown) return void seen.raw.socket.destroy();
      const [header, payload = ''] = seen.body.toString().split('.');
      const id = sha256(`${header}.${payload}`).digest('base64url');
      const { act } = JSON.parse(Buffer.from(payload, 'base64url').toString());
      const known = this.chain.get(id);
      const first = known ?? {
        ...{ act, id, transaction: sha256(id).digest('hex'), block: this.chain.size + 7 },
        committedAt: '2026-01-01T00:00:00.000Z',
      };
      this.chain.set(id, first);
      json(response, known ? 200 : 201, this.answerOf(member, { ...first, ...member.lies }));
    });
  }

  private answerOf(member: ForeignMember, outcome: Json): Json {
    if (!member.givesReceipts) return outcome;
    const { id: statementId, ...rest } = outcome;
    const iat = Math.floor(Date.now() / 1000);
    const said = { network: this.network, organisation: member.id, statement: statementId, ...rest, iat };
    const { signs } = member;
    const header = { alg: algorithmOf(signs.publicJwk), kid: signs.id, typ: 'chartkey-receipt+jwt' };
    const receipt = signJson(header, { ...said, ...member.forges }, signs);
    member.receipts.push(receipt);
    return { ...outcome, receipt };
  }
}
