import {
  type Counts,
  openGlass,
  practitionerName,
  readStatement,
  reviewGlass,
  secondGlass,
  withOpening,
} from '@chartkey/rules';
import {
  type BreakGlassCount,
  canonicalJson,
  type Opening,
  type PractitionerKey,
  StatementInput,
} from '@chartkey/vocabulary';
import { Info, Returns, Transaction } from 'fabric-contract-api';
import { RecordsTransaction } from '../transaction.ts';
import { LedgerContract } from './ledger-contract.ts';

@Info({ title: 'emergencies', description: 'Who broke glass, for whom, and what the review found' })
export class EmergenciesContract extends LedgerContract {
  constructor() {
    super('emergencies');
  }

  @Transaction()
  @Returns('string')
  async openBreakGlass(tx: RecordsTransaction, input: string): Promise<string> {
    const statement = readStatement(tx.input(StatementInput, input).statement, 'openBreakGlass');
    return tx.once(statement, async () => {
      const { patient: id, device: thumbprint } = statement.payload;
      const key = await tx.acceptFromPractitioner(statement);
      const patient = await tx.world.patients.require(id);
      const device = await tx.world.devices.require(thumbprint);
      const { genesis } = await tx.network();
      const counts = await countsOf(tx, key, thumbprint);
      const opened = openGlass({ statement, key, genesis, time: tx.time }, device, counts);
      const { breakGlassCounts, openingsOf, unreviewed } = tx.world;
      breakGlassCounts.put(opened.counts.practitioner, 'practitioner', practitionerName(key));
      breakGlassCounts.put(opened.counts.device, 'device', thumbprint);
      breakGlassCounts.put(opened.counts.organisation, 'organisation', key.organisation);
      openingsOf.put({}, id, statement.id);
      unreviewed.put({}, key.organisation, statement.id);
      await keep(tx, opened.opening);
      return patient;
    });
  }

  @Transaction()
  @Returns('string')
  async secondBreakGlass(tx: RecordsTransaction, input: string): Promise<string> {
    const statement = readStatement(tx.input(StatementInput, input).statement, 'secondBreakGlass');
    return tx.once(statement, async () => {
      const key = await tx.acceptFromPractitioner(statement);
      const opening = await tx.world.openings.require(statement.payload.opening);
      const { genesis } = await tx.network();
      await keep(tx, secondGlass(opening, { statement, key, genesis, time: tx.time }));
    });
  }

  @Transaction()
  @Returns('string')
  async reviewBreakGlass(tx: RecordsTransaction, input: string): Promise<string> {
    const statement = readStatement(tx.input(StatementInput, input).statement, 'reviewBreakGlass');
    return tx.once(statement, async () => {
      const key = await tx.acceptFromPractitioner(statement);
      const opening = await tx.world.openings.require(statement.payload.opening);
      const { genesis } = await tx.network();
      const reviewed = reviewGlass(opening, { statement, key, genesis, time: tx.time });
      const { breakGlassCounts, disputes, unreviewed } = tx.world;
      const name = practitionerName(opening);
      const count = await breakGlassCounts.require('practitioner', name);
      const waiting = count.unreviewed.filter((one) => one.opening !== opening.opening);
      breakGlassCounts.put({ ...count, unreviewed: waiting }, 'practitioner', name);
      unreviewed.remove(opening.organisation, opening.opening);
      if (reviewed.dispute) disputes.put(reviewed.dispute, reviewed.dispute.dispute);
      await keep(tx, reviewed.opening);
    });
  }

  @Transaction(false)
  @Returns('string')
  async opening(tx: RecordsTransaction, opening: string): Promise<string> {
    await tx.requireCareMember();
    return canonicalJson(await tx.world.openings.require(opening));
  }

  /** What nobody has reviewed yet, overdue or not. */
  @Transaction(false)
  @Returns('string')
  async unreviewed(tx: RecordsTransaction, organisation: string): Promise<string> {
    await tx.requireCareMember();
    return openingsIn(tx, await tx.world.unreviewed.under(organisation));
  }

  @Transaction(false)
  @Returns('string')
  async openingsOf(tx: RecordsTransaction, patient: string): Promise<string> {
    await tx.requireCareMember();
    return openingsIn(tx, await tx.world.openingsOf.under(patient));
  }

  @Transaction(false)
  @Returns('string')
  async disputes(tx: RecordsTransaction): Promise<string> {
    await tx.requireCareMember();
    const disputes = [];
    for (const dispute of await tx.world.disputes.under()) {
      disputes.push(await tx.world.disputes.require(dispute));
    }
    return canonicalJson(disputes);
  }
}

async function countsOf(tx: RecordsTransaction, key: PractitionerKey, device: string): Promise<Counts> {
  const { breakGlassCounts } = tx.world;
  const none: BreakGlassCount = { times: [], unreviewed: [] };
  return {
    practitioner: (await breakGlassCounts.find('practitioner', practitionerName(key))) ?? none,
    device: (await breakGlassCounts.find('device', device)) ?? none,
    organisation: (await breakGlassCounts.find('organisation', key.organisation)) ?? none,
  };
}

/** Keeps an opening as it now stands, and what accesses read of it. */
async function keep({ world, time }: RecordsTransaction, opening: Opening): Promise<undefined> {
  const { patient, organisation } = opening;
  const live = (await world.liveOpenings.find(patient, organisation))?.openings ?? [];
  world.openings.put(opening, opening.opening);
  world.liveOpenings.put({ openings: withOpening(live, opening, time) }, patient, organisation);
}

async function openingsIn({ world }: RecordsTransaction, ids: readonly string[]): Promise<string> {
  const openings = [];
  for (const id of ids) openings.push(await world.openings.require(id));
  return canonicalJson(openings);
}
