import { nodeSignatureChecks } from '@chartkey/rules/node';
import { Failure, isCareMember } from '@chartkey/vocabulary';
import type { Logger } from 'pino';
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
import { Away } from './away/away.ts';
import { type AwayVerbs, awayVerbs } from './away/verbs.ts';
import { type Config, ConfigError } from './config.ts';
import { claimFolder, takeDataFolder } from './data-folder.ts';
import { Emergencies } from './emergencies/emergencies.ts';
import { Reasons } from './emergencies/reasons.ts';
import { EventRoom, eventVerbs } from './events/index.ts';
import { type Following, followBlocks } from './following.ts';
import type { Caller, Gateway } from './gateway.ts';
import { indexPlaceOf } from './index-place.ts';
import { connectLedger } from './ledger/connect.ts';
import type { Ledger } from './ledger/ledger.ts';
import { renewing } from './ledger/renewing.ts';
import type { Metrics } from './metrics.ts';
import { Offers } from './offers/offers.ts';
import { UsedOffers } from './offers/used-offers.ts';
import { openPayloads } from './payloads.ts';
import { type Pinned, readDevice, readLedgerOptions, readWitness } from './pinned.ts';
import { Readiness } from './readiness.ts';
import { Labels } from './records/labels.ts';
import { Records } from './records/records.ts';
import { RetryNotes } from './records/retry-notes.ts';
import { sweepNowAndThen } from './records/sweeping.ts';
import { type GatewayDevice, openReleaseRoom, type ReleaseRoom } from './release/index.ts';
import { RetryKeys } from './retry-keys.ts';
import { Sessions } from './sessions/sessions.ts';
import { receiptsBy } from './statements/receipts.ts';
import { Statements } from './statements/statements.ts';
import { openFileStore, openVault, refuseVaultKeyInside, VaultKeyRefused } from './vault/index.ts';
import { watchChaincode } from './watched-chaincode.ts';
import { watchedLedger } from './watched-ledger.ts';

/** An assembled gateway, not yet listening. */
export interface OpenGateway {
  gateway: Gateway;
  /** resolves when the ledger shows the pinned network; rejects with a ConfigError when it shows another */
  ready: Promise<void>;
}

/**
 * Takes the data folder, opens vault and index, connects to the ledger, and puts the verbs together. The
 * ledger need not be there yet.
 * @throws ConfigError in one line that names the variable to change
 */
export async function openGateway(
  config: Config,
  pinned: Pinned,
  { log, metrics }: { log: Logger; metrics: Metrics },
): Promise<OpenGateway> {
  const { signed, network, organisation } = pinned;
  const { genesis } = signed;
  if (!genesis.demo)
    await refused('VAULT_KEY_DIR', () => refuseVaultKeyInside(config.DATA_DIR, config.VAULT_KEY_DIR));
  const device = readDevice(config);
  const ledgerOptions = readLedgerOptions(config, genesis);
  const closing: (() => unknown)[] = [];
  const close = async () => {
    for (const one of closing.splice(0).reverse()) await one();
  };
  try {
    const folder = takeDataFolder(config.DATA_DIR, organisation.id, network);
    closing.push(() => folder.release());
    claimFolder('VAULT_KEY_DIR', config.VAULT_KEY_DIR, network);
    const payloads = await openPayloads(config, folder, { network, organisation: organisation.id }, log);
    const vault = await refused('VAULT_KEY_DIR', () =>
      openVault({
        network,
        payloads,
        keyFolder: config.VAULT_KEY_DIR,
        patientKeyFolder: folder.of('patient-keys'),
      }),
    );
    const silent = () => log.warn({}, 'the ledger’s connection went silent; connected anew');
    const ledger = watchedLedger(
      renewing(() => connectLedger(ledgerOptions), silent),
      metrics,
    );
    closing.push(() => ledger.close());
    const readiness = new Readiness({ ledger, vault, network, device: device.device, log });
    const retryKeys = new RetryKeys(folder.retrySecret);
    const following = isCareMember(organisation.kind)
      ? await followBlocks({
          ...{ ledger, folder, network, log, retryKeys },
          index: indexPlaceOf(config, folder),
          lost: (what) => readiness.lose(what),
        })
      : undefined;
    if (following) closing.push(() => following.close());
    const releases = following && (await openReleases());
    if (releases) closing.push(() => releases.close());
    const events = following && (await openEvents(following));
    if (events) closing.push(() => events.close());
    const notes = new RetryNotes(await openFileStore(folder.of('retries')));
    const reasons = new Reasons(await openFileStore(folder.of('reasons')), vault);
    const labels = new Labels({
      ...{ ledger, vault, device, organisation: organisation.id },
      statementOf: (grant, patient) => (releases ?? withoutVault).grantStatement(grant, patient),
    });
    const records = new Records({
      ...{ ledger, vault, organisation, retryKeys, notes, labels },
      keeping: {
        of: config.PATIENT_RECORDS,
        records: config.PATIENT_RECORDS_A_DAY,
        bytes: config.PATIENT_BYTES_A_DAY,
      },
    });
    const away = following && releases && (await openAway(following, releases));
    if (away) closing.push(() => away.close());
    const usedOffers = new UsedOffers(await openFileStore(folder.of('offers')), Date.now);
    const stopping = new AbortController();
    // The embedded ledger knows no approvals: its one process runs what lies in the folder.
    const watchCode = () =>
      genesis.ledger === 'fabric'
        ? watchChaincode({ ledger, genesis, log, metrics, seconds: config.CODE_CHECK_SECONDS })
        : () => undefined;
    const ready = readiness.meetLedger(stopping.signal).then(() => {
      closing.push(sweepNowAndThen(records, log), watchCode());
      away?.start();
    });
    ready.catch(() => undefined);
    closing.push(() => stopping.abort());
    const gateway: Gateway = {
      network,
      genesis: signed,
      organisation,
      ...verbs({
        config,
        pinned,
        device,
        ledger,
        records,
        releases,
        events,
        following,
        retryKeys,
        metrics,
        reasons,
        usedOffers,
      }),
      ...awayVerbs(away),
      unready: () => readiness.unready(),
      close,
    };
    return { gateway, ready };

    function openAway(following: Following, releases: ReleaseRoom): Promise<Away> {
      return Away.open({
        ...{ network, genesis, organisation: organisation.id, device, ledger, releases, vault, log },
        anchorOf: (record, version) => following.anchorOf(record, version),
        submit: (statement) => gateway.submitStatement(statement, undefined),
        isRevoked: (of, target) => following.revocations.has(of, target),
        witness: readWitness(config, genesis),
        most: config.EMERGENCY_RELEASES,
        folders: { own: folder.of('late-entries'), witnessed: folder.of('witnessed') },
      });
    }

    async function openEvents(following: Following): Promise<EventRoom> {
      return EventRoom.open({
        ...{ network, demo: genesis.demo, organisation: organisation.id, device, ledger },
        log: following.events,
        news: following.news,
        current: () => following.lists(),
        isRevoked: (of, target) => following.revocations.has(of, target),
        persons: new Persons(ledger),
        store: await openFileStore(folder.of('webhooks')),
        logger: log,
        streamsPerCaller: config.STREAMS_PER_CALLER,
        webhooksPerOwner: config.WEBHOOKS_PER_OWNER,
      });
    }

    function openReleases(): Promise<ReleaseRoom> {
      return openReleaseRoom({
        network,
        genesis,
        organisation: organisation.id,
        folder: folder.of('released'),
        device,
        ledger,
        follower: following!.revoking,
        revocations: following!.revocations,
        vault,
        alarm: (alarm) => log.error({ alarm: alarm.code, what: alarm.what, about: alarm.about }, 'alarm'),
        trouble: (other, error) =>
          log.warn(
            { organisation: other, why: String(error) },
            'another organisation’s gateway cannot be used',
          ),
      });
    }
  } catch (error) {
    await close();
    throw error;
  }
}

interface Rooms {
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
function verbs(
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
  const asking = new Asking({ ledger, group, queued: (seconds) => metrics.stage('queue', seconds) });
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
const withoutVault: Pick<ReleaseRoom, 'open' | 'release' | 'sealedOf' | 'grantStatement'> = {
  open: () => Promise.reject(new Failure('RELEASE_REFUSED')),
  release: () => Promise.reject(new Failure('RELEASE_REFUSED')),
  sealedOf: () => Promise.reject(new Failure('RELEASE_REFUSED')),
  grantStatement: () => Promise.reject(new Failure('RELEASE_REFUSED')),
};

async function refused<Result>(variable: string, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    throw error instanceof VaultKeyRefused ? new ConfigError(variable, error.message) : error;
  }
}
