import type { EndToEndRead, RecordAnchor } from '@chartkey/vocabulary';
import { ChartkeyError } from './problems.ts';
import type { Session } from './session.ts';

/** Two gateways say different things of one version: one is behind, or one lies. Nothing was opened. */
export class AnchorsDisagree extends ChartkeyError {
  override readonly name = 'AnchorsDisagree';
  outcomeUnknown = false;
  constructor(
    readonly said: Pick<
      EndToEndRead,
      'access' | 'record' | 'version' | 'patient' | 'custodian' | 'commitment'
    >,
    /** the second gateway's word */
    readonly second: RecordAnchor,
  ) {
    super(
      `two gateways disagree on what was anchored of record ${said.record}; ask again, and report it if it stays`,
    );
  }
}

/**
 * Compares what one gateway says of a version with what another organisation's gateway says.
 * @param asked the version that was named; the newest otherwise
 * @throws AnchorsDisagree
 */
export async function confirmAnchor(
  said: EndToEndRead,
  second: Session,
  asked: number | undefined,
): Promise<void> {
  const { access, record, version, patient, custodian, commitment } = said;
  const anchor = await second.anchor(record);
  const same = anchor.versions.find((one) => one.version === version);
  const newest = Math.max(...anchor.versions.map((one) => one.version));
  const isSame =
    anchor.patient === patient &&
    anchor.custodian === custodian &&
    same?.commitment === commitment &&
    (asked !== undefined || newest === version);
  if (!isSame) throw new AnchorsDisagree({ access, record, version, patient, custodian, commitment }, anchor);
}
