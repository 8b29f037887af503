import { nodeSignatureChecks } from '@chartkey/rules/node';
import { Failure } from '@chartkey/vocabulary';
import { Approvals, approvalVerbs } from './access/approvals.ts';
import { Asking } from './access/asking.ts';
import { EndToEndReads } from './access/end-to-end-reads.ts';
import { Members } from './access/members.ts';
import { Persons } from './access/persons.ts';
import { Questions } from './access/questions.ts';
import { Readers } from './access/readers.ts';
import { Reads } from './access/reads.ts';
import { Trail } from './access/trail.ts';
import { Turnstile } from './access/turnstile.ts';
import type { AwayVerbs } from './away/verbs.ts';
import type { Config } from './config.ts';
import { Emergencies } from './emergencies/emergencies.ts';
import type { Reasons } from './emergencies/reasons.ts';
import { type EventRoom, eventVerbs } from './events/index.ts';
import type { Following } from './following.ts';
import type { Caller, Gateway } from './gateway.ts';
import type { Ledger } from './ledger/ledger.ts';
import type { Metrics } from './metrics.ts';
import { Offers } from './offers/offers.ts';
import type { UsedOffers } from './offers/used-offers.ts';
import type { Pinned } from './pinned.ts';
import type { Records } from './records/records.ts';
import type { GatewayDevice, ReleaseRoom } from './release/index.ts';
import type { RetryKeys } from './retry-keys.ts';
import { Sessions } from './sessions/sessions.ts';
import { receiptsBy } from './statements/receipts.ts';
import { Statements } from './statements/statements.ts';

/** What a gateway has opened, for its verbs to work with; a third party has no vault and follows no blocks. */
export interface Rooms {
  config: Config;
  pinned: Pinned;
  device: GatewayDevice;
  ledger: Ledger;
  records: Records;
  releases: ReleaseRoom | undefined;
  events: EventRoom | undefined;
  following: Following | undefined;
  retryKeys: RetryKeys;
  metrics: Metrics;
  reasons: Reasons;
  usedOffers: UsedOffers;
}

/** The verbs, each by the room that knows it. */
export function verbs(
  rooms: Rooms,
): Omit<Gateway, 'network' | 'genesis' | 'organisation' | 'unready' | 'close' | keyof AwayVerbs> {
  const { config, pinned, device, ledger, records, releases, events, following, retryKeys, metrics } = rooms;
  const { network, organisation } = pinned;
  const { genesis } = pinned.signed;
  const checks = nodeSignatureChecks;
  const group = { most: config.ITEMS_PER_TRANSACTION, inFlight: config.IN_FLIGHT, queue: config.QUEUE };
  const sessions = new Sessions({ ledger, organisation, checks, group });
  // A peer's word is its organisation's: who uses another's peer has nothing of its own to confirm.
  const hasPeer = config.LEDGER_PEER_ORGANISATION === organisation.id;
  const receipt = hasPeer ? receiptsBy({ network, organisation: organisation.id, device }) : undefined;
  const statements = new Statements({ ledger, network, genesis, checks, receipt });
  const used = rooms.usedOffers;
  const offers = new Offers({ ledger, network, organisation, checks, statements, used });
  const queued = (seconds: number) => metrics.stage('queue', seconds);
  const asking = new Asking({ ledger, group, queued, ...(releases && { next: releases.places }) });
  metrics.group(asking.group);
  const members = new Members(ledger, genesis);
  const persons = new Persons(ledger);
  const questions = new Questions(ledger, retryKeys);
  const lists = following && (() => following.lists());
  const trail = new Trail({ ledger, asking, questions, persons, lists });
  const readers = new Readers({ ledger, genesis, questions, persons });
  const room = releases ?? withoutVault;
  const reads = new Reads({
    asking,
    retryKeys,
    releases: {
      async open(granted, options) {
        const done = metrics.clock('release');
        const reading = await room.open(granted, options);
        done();
        return reading;
      },
    },
  });
  const endToEnd = new EndToEndReads({ asking, releases });
  const turnstile = new Turnstile(config.READS_INSIDE);
  // Reads and lists are the ledger's to refuse, so that their denial is logged; these submit nothing.
  const standing = (caller: Caller): Caller => {
    const { member, session } = caller;
    const isRevoked = member !== undefined && following?.revocations.has(member.id, session.id) === true;
    if (isRevoked) throw new Failure('DEVICE_REVOKED');
    return caller;
  };
  /** The same; and a person's token ends with the key that it was fetched with. */
  const present = async (caller: Caller): Promise<Caller> => {
    await persons.check(caller);
    return standing(caller);
  };
  const { reasons } = rooms;
  const ask = (caller: Caller, question: object) => questions.log(caller, question);
  const emergencies = new Emergencies({ ledger, genesis, statements, reasons, persons, present, ask });
  return {
    startSession: (assertion) => sessions.start(assertion),
    callerOf: (token) => sessions.callerOf(token),
    submitStatement: (...handedIn) => statements.submit(...handedIn),
    takeOffer: async (caller, request) => offers.take(standing(caller), request),
    storeRecord: (upload) => records.storeRecord(upload),
    storeVersion: (upload) => records.storeVersion(upload),
    anchorOf: async (caller, record) => records.anchorOf(await present(caller), record),
    hasRoomFor: ({ session }) => turnstile.hasRoomFor(session.id),
    readContent: (read) => turnstile.pass(read.caller.session.id, () => reads.readContent(read)),
    readEndToEnd: (caller, request) =>
      turnstile.pass(caller.session.id, () => endToEnd.read(caller, request)),
    sealedRead: (caller, access, range) => endToEnd.sealed(caller, access, range),
    recordsOf: async (caller, patient, page) => {
      await persons.check(caller);
      return trail.recordsOf(caller, patient, page);
    },
    delegationsOf: async (caller) => persons.delegationsOf(await present(caller)),
    patientOf: async (caller, patient) => trail.patientOf(await present(caller), patient),
    grantsOf: async (caller, patient, cursor) => trail.grantsOf(await present(caller), patient, cursor),
    denialsOf: async (caller, patient) => readers.denialsOf(await present(caller), patient),
    readersOf: async (caller, patient, about) => readers.readersOf(await present(caller), patient, about),
    accessesOf: async (caller, patient, cursor) => trail.accessesOf(await present(caller), patient, cursor),
    auditAccesses: async (caller, filter, cursor) => trail.auditAccesses(standing(caller), filter, cursor),
    ...eventVerbs({ events, present, ask }),
    ...approvalVerbs(new Approvals({ ledger, persons }), present),
    organisations: () => members.organisations(),
    organisationOf: (id) => members.organisationOf(id),
    devicesOf: (id, cursor) => members.devicesOf(id, cursor),
    deviceOf: (id, device) => members.deviceOf(id, device),
    release: (access, proof) => room.release(access, proof),
    sealedOf: (access, proof, range) => room.sealedOf(access, proof, range),
    emergencies,
  };
}

/** A third party holds no records and gets none: the ledger denies its reads before this is asked. */
export const withoutVault: Pick<ReleaseRoom, 'open' | 'release' | 'sealedOf' | 'grantStatement'> = {
  open: () => Promise.reject(new Failure('RELEASE_REFUSED')),
  release: () => Promise.reject(new Failure('RELEASE_REFUSED')),
  sealedOf: () => Promise.reject(new Failure('RELEASE_REFUSED')),
  grantStatement: () => Promise.reject(new Failure('RELEASE_REFUSED')),
};
