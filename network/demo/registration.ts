import { readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { Author, deviceProof, importKeys, importSigner } from '@chartkey/client';
import type { Ledger } from '@chartkey/gateway';
import { Failure, OrganisationFacts, queries, transactions } from '@chartkey/vocabulary';
import { type DemoDevice, type DemoOrganisation, type Founding, foundingFiles } from './founding.ts';

/**
 * Brings the ledger up to the founding: the consortium registered, each organisation's gateway and EHR
 * device approved. What is there already stays, so it may be killed at any moment and run again.
 */
export async function register(founding: Founding, dataDir: string, ledger: Ledger): Promise<void> {
  try {
    await ledger.evaluate(queries.network);
  } catch (error) {
    if (!(error instanceof Failure) || error.code !== 'NETWORK_UNKNOWN') throw error;
    await submit(ledger, transactions.registerConsortium, founding.signed);
  }
  const { gatewayDevice } = foundingFiles(dataDir);
  await Promise.all(
    founding.credentials.organisations.map(async (organisation) => {
      const gateway = JSON.parse(readFileSync(gatewayDevice(organisation.id), 'utf8')) as DemoDevice;
      await approve(founding.network, organisation, gateway, 'gateway', ledger);
      await approve(founding.network, organisation, organisation.ehr, 'ehr', ledger);
    }),
  );
}

async function approve(
  network: string,
  { id: organisation, masterKey }: DemoOrganisation,
  device: DemoDevice,
  use: 'gateway' | 'ehr',
  ledger: Ledger,
): Promise<void> {
  try {
    await ledger.evaluate(queries.device, device.device);
    return;
  } catch (error) {
    if (!(error instanceof Failure) || error.code !== 'DEVICE_UNKNOWN') throw error;
  }
  const { nextSeq } = OrganisationFacts.parse(await ledger.evaluate(queries.organisation, organisation));
  const author = new Author(network, await importSigner(masterKey), { issuer: organisation });
  const proof = await deviceProof({ network, organisation, keys: await importKeys(device), use });
  const { text } = await author.approveDevice(nextSeq, proof);
  await submit(ledger, transactions.approveDevice, { statement: text });
}

/** Peers of a network that has just come up may stand at different heights: then endorsements differ. */
async function submit(ledger: Ledger, transaction: string, input: unknown): Promise<void> {
  for (let left = 20; ; left -= 1) {
    try {
      await ledger.submit(transaction, input);
      return;
    } catch (error) {
      const differ = error instanceof Failure && error.code === 'LEDGER_CONFLICT';
      if (!differ || left === 0) throw error;
      await pause(250);
    }
  }
}
