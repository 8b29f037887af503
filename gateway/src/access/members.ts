import { deviceStanding, memberOf } from '@chartkey/rules';
import {
  Device,
  type DeviceAnswer,
  Failure,
  type Genesis,
  type ListedDevice,
  type OrganisationAnswer,
  OrganisationFacts,
  queries,
  StoredStatement,
} from '@chartkey/vocabulary';
import type { Page } from '../gateway.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { unlessForbidden } from '../statements/verification.ts';

const PAGE_SIZE = 50;

/** Who is in the consortium and which devices act for it: asked of the ledger, so every gateway can tell. */
export class Members {
  constructor(
    private readonly ledger: Pick<Ledger, 'evaluate'>,
    private readonly genesis: Genesis,
    private readonly now: () => number = Date.now,
  ) {}

  async organisations(): Promise<OrganisationAnswer[]> {
    const facts = OrganisationFacts.array().parse(await this.ledger.evaluate(queries.organisations));
    return Promise.all(facts.map((one) => this.answer(one)));
  }

  /** @throws Failure ORGANISATION_UNKNOWN */
  async organisationOf(id: string): Promise<OrganisationAnswer> {
    memberOf(this.genesis, id);
    return this.answer(OrganisationFacts.parse(await this.ledger.evaluate(queries.organisation, id)));
  }

  /**
   * An organisation's devices, the one approved last first.
   * @param cursor the last device of the page before
   * @throws Failure ORGANISATION_UNKNOWN, CURSOR_INVALID
   */
  async devicesOf(organisation: string, cursor?: string): Promise<Page<ListedDevice>> {
    memberOf(this.genesis, organisation);
    const devices = Device.array().parse(await this.ledger.evaluate(queries.devices, organisation));
    const order = (one: Device) => `${one.approvedAt} ${one.device}`;
    devices.sort((one, other) => (order(one) < order(other) ? 1 : -1));
    const start = cursor === undefined ? 0 : devices.findIndex(({ device }) => device === cursor) + 1;
    if (cursor !== undefined && start === 0) throw new Failure('CURSOR_INVALID');
    const items = devices.slice(start, start + PAGE_SIZE).map((device) => listed(device, this.now()));
    const last = items.at(-1);
    return start + PAGE_SIZE < devices.length && last ? { items, next: last.device } : { items };
  }

  /**
   * A device with its keys and its approval, so that who asks need not take our word for them.
   * @throws Failure ORGANISATION_UNKNOWN, DEVICE_UNKNOWN, NOT_SERVED_HERE at a third party, which gets no statements
   */
  async deviceOf(organisation: string, thumbprint: string): Promise<DeviceAnswer> {
    memberOf(this.genesis, organisation);
    const device = Device.parse(await this.ledger.evaluate(queries.device, thumbprint));
    if (device.organisation !== organisation) throw new Failure('DEVICE_UNKNOWN');
    const { sig, enc } = device;
    const approval = await this.ledger.evaluate(queries.statement, device.statement).catch(notServedHere);
    const { statement } = StoredStatement.parse(approval);
    return { ...listed(device, this.now()), organisation, sig, enc, statement };
  }

  private async answer({ id, nextSeq, master }: OrganisationFacts): Promise<OrganisationAnswer> {
    const { name, kind, url, tokenUrl, masterKey } = memberOf(this.genesis, id);
    const member = { id, name, kind, url, tokenUrl, nextSeq };
    if (!master) return { ...member, masterKey };
    const successions = await unlessForbidden(() =>
      Promise.all(
        master.successions.map(async ({ statement, approvals }) => ({
          statement: await this.textOf(statement),
          approvals: await Promise.all(approvals.map((one) => this.textOf(one))),
        })),
      ),
    );
    return { ...member, masterKey: master.key, ...(successions && { successions }) };
  }

  private async textOf(id: string): Promise<string> {
    return StoredStatement.parse(await this.ledger.evaluate(queries.statement, id)).statement;
  }
}

function notServedHere(error: unknown): never {
  const forbidden = error instanceof Failure && error.code === 'CARE_MEMBERS_ONLY';
  throw forbidden ? new Failure('NOT_SERVED_HERE') : error;
}

const statuses = { DEVICE_REVOKED: 'revoked', DEVICE_EXPIRED: 'expired' } as const;

function listed(facts: Device, time: number): ListedDevice {
  const { device, use, approvedAt, validUntil } = facts;
  const standing = deviceStanding(facts, time) as keyof typeof statuses | undefined;
  const status = standing === undefined ? 'approved' : statuses[standing];
  return { device, use, status, approvedAt, ...(validUntil !== undefined && { validUntil }) };
}
