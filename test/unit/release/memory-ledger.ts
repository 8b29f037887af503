import { type Device, Failure, type Grant, queries, type Releasable } from '@chartkey/vocabulary';
import type { Ledger } from '../../../gateway/src/ledger/ledger.ts';
import type { TestDevice } from './consortium.ts';

/** A peer's state as the release room sees it; tests alter it at will. */
export class MemoryLedger implements Pick<Ledger, 'evaluate' | 'commitOf'> {
  readonly statements = new Map<string, string>();
  readonly devices = new Map<string, Device>();
  readonly releasable = new Map<string, Releasable>();
  readonly commits = new Map<string, { block: number; valid: boolean }>();
  grants: Grant[] = [];
  readonly asked: string[] = [];

  accept(...statements: { id: string; statement: string }[]): void {
    for (const { id, statement } of statements) this.statements.set(id, statement);
  }

  approve(device: TestDevice): void {
    this.accept(device);
    const { id, organisation, sig, enc, use } = device;
    this.devices.set(device.device, {
      device: device.device,
      organisation,
      sig: sig.key,
      enc: enc.key,
      use,
      status: 'approved',
      statement: id,
      approvedAt: new Date().toISOString(),
    });
  }

  async evaluate(query: string, ...args: string[]): Promise<unknown> {
    this.asked.push(query);
    const [name = ''] = args;
    const committedAt = new Date().toISOString();
    const statement = this.statements.get(name);
    switch (query) {
      case queries.statement:
        return found(
          statement && { statement, transaction: '0'.repeat(64), committedAt },
          'STATEMENT_UNKNOWN',
        );
      case queries.device:
        return found(this.devices.get(name), 'DEVICE_UNKNOWN');
      case queries.releasable:
        return (JSON.parse(name) as string[]).map((access) =>
          structuredClone(this.releasable.get(access) ?? { code: 'ACCESS_UNKNOWN' }),
        );
      case queries.grants:
        return this.grants;
      default:
        throw new Failure('BROKEN');
    }
  }

  async commitOf(transaction: string): Promise<{ block: number; valid: boolean }> {
    return found(this.commits.get(transaction), 'OUTCOME_UNKNOWN');
  }
}

/** A copy, as every answer of a peer is one. */
function found<Value>(
  value: Value | undefined | '',
  code: 'OUTCOME_UNKNOWN' | 'STATEMENT_UNKNOWN' | 'DEVICE_UNKNOWN' | 'ACCESS_UNKNOWN',
): Value {
  if (value === undefined || value === '') throw new Failure(code);
  return structuredClone(value);
}
