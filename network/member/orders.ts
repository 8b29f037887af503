import { setTimeout as pause } from 'node:timers/promises';
import { Author, deviceProof, importKeys, importSigner } from '@chartkey/client';
import type { Ledger } from '@chartkey/gateway';
import {
  Device,
  Failure,
  NetworkState,
  networkId,
  OrganisationFacts,
  queries,
  type SignedGenesis,
  transactions,
} from '@chartkey/vocabulary';
import type { DeviceKeys, PrivateJwk } from './keys.ts';

export interface Approval {
  network: string;
  organisation: string;
  masterKey: PrivateJwk;
  device: DeviceKeys;
  use: 'gateway' | 'ehr';
}

/**
 * Registers the consortium; once is enough, whoever does it.
 * @returns false when it was registered already
 * @throws Error with one line when another consortium is registered on the channel
 */
export async function registerConsortium(ledger: Ledger, signed: SignedGenesis): Promise<boolean> {
  const standing = await unless('NETWORK_UNKNOWN', ledger.evaluate(queries.network));
  if (standing === undefined) {
    await submit(ledger, transactions.registerConsortium, signed);
    return true;
  }
  const { network } = NetworkState.parse(standing);
  if (network !== networkId(signed.genesis)) {
    throw new Error(`The channel has another consortium already: ${network}.`);
  }
  return false;
}

/**
 * Has an organisation's master key approve a device, which proves that it holds its keys.
 * @returns false when it was approved already
 * @throws Failure DEVICE_REVOKED when it was revoked: a revoked key is never approved again
 */
export async function approveDevice(ledger: Ledger, approval: Approval): Promise<boolean> {
  const { network, organisation, masterKey, device, use } = approval;
  const standing = await unless('DEVICE_UNKNOWN', ledger.evaluate(queries.device, device.device));
  if (standing !== undefined) {
    const known = Device.parse(standing);
    if (known.status === 'revoked') throw new Failure('DEVICE_REVOKED');
    if (known.organisation !== organisation || known.use !== use) {
      throw new Error(
        `This device is approved already, as ${known.use} of ${known.organisation}: make other keys.`,
      );
    }
    return false;
  }
  const { nextSeq } = OrganisationFacts.parse(await ledger.evaluate(queries.organisation, organisation));
  const author = new Author(network, await importSigner(masterKey), { issuer: organisation });
  const proof = await deviceProof({ network, organisation, keys: await importKeys(device), use });
  const { text } = await author.approveDevice(nextSeq, proof);
  await submit(ledger, transactions.approveDevice, { statement: text });
  return true;
}

/** Revokes a device by its thumbprint, for good. */
export async function revokeDevice(
  ledger: Ledger,
  {
    network,
    organisation,
    masterKey,
    device,
  }: Pick<Approval, 'network' | 'organisation' | 'masterKey'> & { device: string },
): Promise<void> {
  const author = new Author(network, await importSigner(masterKey), { issuer: organisation });
  const { text } = await author.revokeDevice(device);
  await submit(ledger, transactions.revokeDevice, { statement: text });
}

async function unless<Answer>(code: string, asked: Promise<Answer>): Promise<Answer | undefined> {
  return asked.catch((error: unknown) => {
    if (error instanceof Failure && error.code === code) return undefined;
    throw error;
  });
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
