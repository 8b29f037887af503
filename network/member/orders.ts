import { setTimeout as pause } from 'node:timers/promises';
import { Author, deviceProof, importKeys, importSigner, keyProof } from '@chartkey/client';
import type { Ledger } from '@chartkey/gateway';
import {
  Device,
  Failure,
  NetworkState,
  networkId,
  OrganisationFacts,
  PractitionerKey,
  queries,
  type Role,
  type SignedGenesis,
  thumbprint,
  transactions,
} from '@chartkey/vocabulary';
import type { DeviceKeys, PrivateJwk } from './keys.ts';

/** On which network, for whom and with which master key an order is given. */
export interface Ordering {
  network: string;
  organisation: string;
  masterKey: PrivateJwk;
}

export interface Approval extends Ordering {
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
  const nextSeq = await nextSeqOf(ledger, organisation);
  const author = await authorOf({ network, organisation, masterKey });
  const proof = await deviceProof({ network, organisation, keys: await importKeys(device), use });
  const { text } = await author.approveDevice(nextSeq, proof);
  await submit(ledger, transactions.approveDevice, { statement: text });
  return true;
}

/** Revokes a device by its thumbprint, for good. */
export async function revokeDevice(ledger: Ledger, order: Ordering & { device: string }): Promise<void> {
  const { text } = await (await authorOf(order)).revokeDevice(order.device);
  await submit(ledger, transactions.revokeDevice, { statement: text });
}

/** Gives an approved device another end. */
export async function renewDevice(
  ledger: Ledger,
  order: Ordering & { device: string; validUntil: string },
): Promise<void> {
  const { organisation, device, validUntil } = order;
  const seq = await nextSeqOf(ledger, organisation);
  const { text } = await (await authorOf(order)).sign({ act: 'renewDevice', seq, device, validUntil });
  await submit(ledger, transactions.renewDevice, { statement: text });
}

export interface Registration extends Ordering {
  /** the practitioner's own private key, which proves itself */
  key: PrivateJwk;
  /** the pseudonym that the organisation knows the practitioner by */
  practitioner: string;
  role: Role;
  /** an `Instant` */
  validUntil: string;
}

/**
 * Has an organisation's master key register a practitioner's own key.
 * @returns false when it was registered already
 * @throws Failure PRACTITIONER_REVOKED when it was revoked: a revoked key is never registered again
 */
export async function registerPractitioner(ledger: Ledger, registration: Registration): Promise<boolean> {
  const { network, organisation, key, practitioner, role, validUntil } = registration;
  const asked = ledger.evaluate(queries.practitioner, thumbprint(key));
  const standing = await unless('PRACTITIONER_UNKNOWN', asked);
  if (standing !== undefined) {
    const known = PractitionerKey.parse(standing);
    if (known.status === 'revoked') throw new Failure('PRACTITIONER_REVOKED');
    if (known.organisation !== organisation || known.role !== role || known.practitioner !== practitioner) {
      throw new Error(`This key is registered already, for a ${known.role} of ${known.organisation}.`);
    }
    return false;
  }
  const seq = await nextSeqOf(ledger, organisation);
  const proof = await keyProof({ network, owner: organisation, signer: await importSigner(key) });
  const order = { act: 'registerPractitioner', seq, key: proof, practitioner, role, validUntil } as const;
  const { text } = await (await authorOf(registration)).sign(order);
  await submit(ledger, transactions.registerPractitioner, { statement: text });
  return true;
}

/** Revokes a practitioner's key by its thumbprint, for good. */
export async function revokePractitioner(ledger: Ledger, order: Ordering & { key: string }): Promise<void> {
  const { text } = await (await authorOf(order)).sign({ act: 'revokePractitioner', key: order.key });
  await submit(ledger, transactions.revokePractitioner, { statement: text });
}

export async function authorOf({ network, organisation, masterKey }: Ordering): Promise<Author> {
  return new Author(network, await importSigner(masterKey), { issuer: organisation });
}

export async function nextSeqOf(ledger: Ledger, organisation: string): Promise<number> {
  return OrganisationFacts.parse(await ledger.evaluate(queries.organisation, organisation)).nextSeq;
}

async function unless<Answer>(code: string, asked: Promise<Answer>): Promise<Answer | undefined> {
  return asked.catch((error: unknown) => {
    if (error instanceof Failure && error.code === code) return undefined;
    throw error;
  });
}

/** Peers of a network that has just come up may stand at different heights: then endorsements differ. */
export async function submit(ledger: Ledger, transaction: string, input: unknown): Promise<void> {
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
