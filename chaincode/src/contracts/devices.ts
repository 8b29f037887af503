import { checkDeviceProof, memberOf, readStatement } from '@chartkey/rules';
import {
  canonicalJson,
  type Device,
  Failure,
  instantAt,
  StatementInput,
  thumbprint,
} from '@chartkey/vocabulary';
import { Info, Returns, Transaction } from 'fabric-contract-api';
import { RecordsTransaction } from '../transaction.ts';
import { useKeys } from '../use-key.ts';
import { LedgerContract } from './ledger-contract.ts';

@Info({ title: 'devices', description: 'Which keys act for an organisation' })
export class DevicesContract extends LedgerContract {
  constructor() {
    super('devices');
  }

  @Transaction()
  @Returns('string')
  async approveDevice(tx: RecordsTransaction, input: string): Promise<string> {
    const statement = readStatement(tx.input(StatementInput, input).statement, 'approveDevice');
    return tx.once(statement, async () => {
      const { network } = await tx.network();
      const { iss: organisation, validUntil, department, perRequestProof } = statement.payload;
      await tx.acceptFromMaster(statement);
      const { device, sig, enc, use } = checkDeviceProof(statement, network, tx.time, tx.checks);
      await useKeys(tx, organisation, device, thumbprint(enc));
      tx.world.devicesOf.put({}, organisation, device);
      tx.world.devices.put(
        {
          device,
          organisation,
          sig,
          enc,
          use,
          status: 'approved',
          statement: statement.id,
          approvedAt: instantAt(tx.time),
          ...(validUntil !== undefined && { validUntil }),
          ...(department !== undefined && { department }),
          ...(perRequestProof && { perRequestProof }),
        },
        device,
      );
    });
  }

  @Transaction()
  @Returns('string')
  async revokeDevice(tx: RecordsTransaction, input: string): Promise<string> {
    const statement = readStatement(tx.input(StatementInput, input).statement, 'revokeDevice');
    return tx.once(statement, async () => {
      await tx.acceptFromMaster(statement);
      const device = await ownDevice(tx, statement.payload);
      tx.world.devices.put({ ...device, status: 'revoked' }, device.device);
    });
  }

  /** A device goes on, or ends earlier; a revoked one never comes back. */
  @Transaction()
  @Returns('string')
  async renewDevice(tx: RecordsTransaction, input: string): Promise<string> {
    const statement = readStatement(tx.input(StatementInput, input).statement, 'renewDevice');
    return tx.once(statement, async () => {
      await tx.acceptFromMaster(statement);
      const device = await ownDevice(tx, statement.payload);
      if (device.status === 'revoked') throw new Failure('DEVICE_REVOKED');
      const { validUntil } = statement.payload;
      tx.world.devices.put({ ...device, validUntil, renewal: statement.id }, device.device);
    });
  }

  @Transaction(false)
  @Returns('string')
  async device(tx: RecordsTransaction, device: string): Promise<string> {
    return canonicalJson(await tx.world.devices.require(device));
  }

  @Transaction(false)
  @Returns('string')
  async devices(tx: RecordsTransaction, organisation: string): Promise<string> {
    memberOf((await tx.network()).genesis, organisation);
    const devices = [];
    for (const device of await tx.world.devicesOf.under(organisation)) {
      devices.push(await tx.world.devices.require(device));
    }
    return canonicalJson(devices);
  }
}

async function ownDevice(
  tx: RecordsTransaction,
  { iss, device: id }: { iss: string; device: string },
): Promise<Device> {
  const device = await tx.world.devices.require(id);
  if (device.organisation !== iss) throw new Failure('DEVICE_UNKNOWN');
  return device;
}
