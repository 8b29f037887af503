import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { instantAt, type Releasable } from '@chartkey/vocabulary';
import { type Alarm, openReleaseRoom, type ReleaseRoomParts } from '../../../gateway/src/release/index.ts';
import { openFileStore, openVault } from '../../../gateway/src/vault/index.ts';
import { gatewayDeviceOf, newId, newTransaction, TestConsortium, type TestDevice } from './consortium.ts';
import { MemoryLedger } from './memory-ledger.ts';

/** A folder that goes when the test file is done. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'chartkey-release-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/**
 * Riverside holds a record of an enrolled patient who granted it to Lakeside; both have gateways and
 * workstations. Riverside's state can be altered through `ledger`.
 */
export async function newWorld(
  root: string,
  urls: Record<string, string> = {},
  content = Buffer.from('a reading'),
) {
  const consortium = new TestConsortium(urls);
  const { network, genesis } = consortium;
  const ledger = new MemoryLedger();
  const devices = {
    riverside: consortium.device('RiversideMSP', 'gateway'),
    riversideDesk: consortium.device('RiversideMSP', 'workstation'),
    lakeside: consortium.device('LakesideMSP', 'gateway'),
    lakesideDesk: consortium.device('LakesideMSP', 'workstation'),
    otherDesk: consortium.device('LakesideMSP', 'workstation'),
    insurer: consortium.device('InsurerMSP', 'gateway'),
  };
  for (const device of Object.values(devices)) ledger.approve(device);
  const patient = consortium.patient();
  const grant = consortium.grant(patient.patient, patient.sig, { organisation: 'LakesideMSP' });
  ledger.accept(grant);
  ledger.enrol(patient);
  const folder = (name: string) => join(root, `${network.slice(5, 20)}-${name}`);
  const vault = await openVault({
    network,
    payloads: await openFileStore(folder('vault')),
    keyFolder: folder('keys'),
    patientKeyFolder: folder('patient-keys'),
  });
  const record = newId();
  const sealed = await vault.sealRecord([content], {
    patient: patient.patient,
    custodian: 'RiversideMSP',
    author: devices.riversideDesk.device,
    record,
    version: 1,
    mediaType: 'text/plain',
    labels: [],
  });
  const alarms: Alarm[] = [];
  const troubles: unknown[] = [];
  const revoked = new Set<string>();
  const restrictions = new Map<string, string[]>();
  const clock = { now: Date.now() };

  const partsOf = (organisation: string, device: TestDevice): ReleaseRoomParts => ({
    network,
    genesis,
    organisation,
    folder: folder(`released-${organisation}`),
    device: gatewayDeviceOf(device),
    ledger,
    follower: { reached: async () => true },
    revocations: {
      has: (issuer, target) => revoked.has(`${issuer} ${target}`),
      restrictionsOf: (patient) => restrictions.get(patient) ?? [],
    },
    vault,
    atOnce: 24,
    alarm: (alarm) => void alarms.push(alarm),
    trouble: (_organisation, error) => void troubles.push(error),
    now: () => clock.now,
  });

  /** A granted read by a workstation, as the ledger's state would tell it. */
  function newAccess(device: TestDevice = devices.lakesideDesk, more: Partial<Releasable['entry']> = {}) {
    const transaction = newTransaction();
    const access = `${transaction}:0`;
    ledger.commits.set(transaction, { block: 7, valid: true });
    const own = device.organisation === 'RiversideMSP';
    const basis = own ? ('custodian' as const) : ('grant' as const);
    const releasable: Releasable = {
      entry: {
        access,
        kind: 'read',
        time: instantAt(clock.now),
        record,
        version: 1,
        patient: patient.patient,
        session: patient.id,
        organisation: device.organisation,
        device: device.device,
        practitioner: newId(),
        role: 'physician',
        purpose: 'TREAT',
        decision: 'granted',
        basis,
        ...(!own && { grant: grant.id }),
        ...more,
      },
      now: { is: 'granted', basis },
      sessionUntil: instantAt(clock.now + 240_000),
      custodian: 'RiversideMSP',
      commitment: sealed.commitment,
      labels: [],
      madeAt: instantAt(clock.now),
      links: 1,
      approval: device.id,
    };
    ledger.releasable.set(access, releasable);
    return { access, transaction, releasable };
  }

  const parts = partsOf('RiversideMSP', devices.riverside);
  const room = await openReleaseRoom(parts);
  return {
    consortium,
    ledger,
    devices,
    patient,
    grant,
    vault,
    record,
    sealed,
    content,
    alarms,
    troubles,
    revoked,
    restrictions,
    clock,
    newAccess,
    partsOf,
    parts,
    room,
  };
}

export type World = Awaited<ReturnType<typeof newWorld>>;
