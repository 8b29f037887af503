import { Dispute, type HeardEvent, ListedAccess, ListedGrant, page } from '@chartkey/vocabulary';
import { Device } from './device.ts';
import type { EventOptions } from './events.ts';
import type { Listing } from './listing.ts';

/** What a regulator asks for; everything left out is not asked about. */
export interface AccessFilter {
  patient?: string | undefined;
  organisation?: string | undefined;
  device?: string | undefined;
  decision?: ListedAccess['decision'] | undefined;
  basis?: ListedAccess['basis'];
  /** an `Instant`, included */
  from?: string | undefined;
  /** an `Instant` */
  to?: string | undefined;
}

/** A regulator's console. Its questions are logged on the ledger before they are answered. */
export class Regulator extends Device {
  auditAccesses(filter: AccessFilter = {}): Listing<ListedAccess> {
    return this.list(page(ListedAccess), '/v1/audit/accesses', { ...filter });
  }

  accessesOf(patient: string): Listing<ListedAccess> {
    return this.list(page(ListedAccess), `/v1/patients/${encodeURIComponent(patient)}/accesses`);
  }

  /** A patient's events as they happen; each time the stream is opened the question is logged. */
  eventsOf(patient: string, options: EventOptions = {}): AsyncGenerator<HeardEvent, void, undefined> {
    return this.follow(`/v1/patients/${encodeURIComponent(patient)}/events`, options);
  }

  /** Each break-glass that its review found unjustified. */
  disputes(): Listing<Dispute> {
    return this.list(page(Dispute), '/v1/disputes');
  }

  grantsOf(patient: string): Listing<ListedGrant> {
    return this.list(page(ListedGrant), `/v1/patients/${encodeURIComponent(patient)}/grants`);
  }
}
