import { isCareMember } from '@chartkey/vocabulary';
import type { Logger } from 'pino';
import { Persons } from './access/persons.ts';
import { Away } from './away/away.ts';
import { awayVerbs } from './away/verbs.ts';
import { type Config, ConfigError } from './config.ts';
import { claimFolder, takeDataFolder } from './data-folder.ts';
import { Reasons } from './emergencies/reasons.ts';
import { EventRoom } from './events/index.ts';
import { type Following, followBlocks } from './following.ts';
import type { Gateway } from './gateway.ts';
import { indexPlaceOf } from './index-place.ts';
import { connectLedger } from './ledger/connect.ts';
import { renewing } from './ledger/renewing.ts';
import type { Metrics } from './metrics.ts';
import { UsedOffers } from './offers/used-offers.ts';
import { openPayloads } from './payloads.ts';
import { type Pinned, readDevice, readLedgerOptions, readWitness } from './pinned.ts';
import { Readiness } from './readiness.ts';
import { Labels } from './records/labels.ts';
import { Records } from './records/records.ts';
import { RetryNotes } from './records/retry-notes.ts';
import { sweepNowAndThen } from './records/sweeping.ts';
import { openReleaseRoom, type ReleaseRoom } from './release/index.ts';
import { RetryKeys } from './retry-keys.ts';
import { openFileStore, openVault, refuseVaultKeyInside, VaultKeyRefused } from './vault/index.ts';
import { verbs, withoutVault } from './verbs.ts';
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
        // What is far away is waited for, which keeps nobody else from working.
        atOnce: config.RELEASES_AT_ONCE ?? (config.S3_BUCKET === undefined ? 32 : 128),
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

async function refused<Result>(variable: string, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    throw error instanceof VaultKeyRefused ? new ConfigError(variable, error.message) : error;
  }
}
