import { checkDeviceProof, memberOf, readStatement } from '@chartkey/rules';
import { canonicalJson, Failure, instantAt, StatementInput, thumbprint } from '@chartkey/vocabulary';
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
      const { genesis, network } = await tx.network();
      const organisation = memberOf(genesis, statement.payload.iss);
      await tx.accept(statement, organisation.masterKey);
      const { device, sig, enc, use } = checkDeviceProof(statement, network, tx.time, tx.checks);
      await useKeys(tx, organisation.id, device, thumbprint(enc));
      const { validUntil } = statement.payload;
      tx.world.devicesOf.put({}, organisation.id, device);
      tx.world.devices.put(
        {
          device,
          organisation: organisation.id,
          sig,
          enc,
          use,
          status: 'approved',
          statement: statement.id,
          approvedAt: instantAt(tx.time),
          ...(validUntil !== undefined && { validUntil }),
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
      const organisation = memberOf((await tx.network()).genesis, statement.payload.iss);
      await tx.accept(statement, organisation.masterKey);
      const device = await tx.world.devices.require(statement.payload.device);
      if (device.organisation !== organisation.id) throw new Failure('DEVICE_UNKNOWN');
      tx.world.devices.put({ ...device, status: 'revoked' }, device.device);
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
