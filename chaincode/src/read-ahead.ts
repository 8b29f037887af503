import { isTreatingCustodian, requestId } from '@chartkey/rules';
import type { AccessItem } from '@chartkey/vocabulary';
import { askingOf } from './asking.ts';
import type { RecordsTransaction } from './transaction.ts';

/**
 * Reads what deciding these items will read, all items at once, so that it takes a few questions to the peer
 * instead of one for each object. Only a speed-up: the decision reads from the same working set, and what
 * fails here fails there. What no decision would read is not read here either: whatever is read can conflict.
 */
export async function readAhead(tx: RecordsTransaction, items: readonly AccessItem[]): Promise<void> {
  await Promise.allSettled(
    items.map((item) => (item.kind === 'list' ? readForList(tx, item) : readForRead(tx, item))),
  );
}

async function readForRead(
  tx: RecordsTransaction,
  item: Extract<AccessItem, { kind: 'read' }>,
): Promise<void> {
  const { world } = tx;
  const retryKey = item.request === undefined ? item.retryKey : requestId(item.request);
  const [asking, record] = await Promise.all([
    askingOf(tx, item.session),
    world.records.find(item.record),
    retryKey === undefined ? undefined : world.requests.find(item.session, retryKey),
  ]);
  if (!asking || !record) return;
  const { patient } = record;
  if ('person' in asking) return void (await world.patients.find(patient));
  if (isTreatingCustodian({ item, device: asking.device, record })) return;
  await Promise.all([world.patients.find(patient), world.relationOf(patient, asking.device.organisation)]);
}

async function readForList(
  tx: RecordsTransaction,
  item: Extract<AccessItem, { kind: 'list' }>,
): Promise<void> {
  const { world } = tx;
  const { patient } = item;
  const [asking, known] = await Promise.all([askingOf(tx, item.session), world.patients.find(patient)]);
  if (!asking || !known || 'person' in asking) return;
  const { device } = asking;
  const isCustodian = (await world.custody.find(patient, device.organisation)) !== undefined;
  if (!isTreatingCustodian({ item, device, isCustodian })) {
    await world.relationOf(patient, device.organisation);
  }
}
