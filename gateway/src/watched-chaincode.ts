import { Failure, type Genesis, isCareMember } from '@chartkey/vocabulary';
import type { Logger } from 'pino';
import type { Ledger } from './ledger/ledger.ts';
import type { Metrics } from './metrics.ts';

export interface WatchedChaincode {
  ledger: Pick<Ledger, 'approvedCode' | 'runningCode'>;
  genesis: Pick<Genesis, 'organisations'>;
  log: Logger;
  metrics: Pick<Metrics, 'chaincode'>;
  /** between two looks */
  seconds: number;
}

/**
 * Compares, now and again, the code that runs beside each care member's peer with the approved definition.
 * A difference raises an alarm; it stops nothing, since endorsers that answer differently commit nothing.
 * @returns ends it
 */
export function watchChaincode(watched: WatchedChaincode): () => void {
  const look = () => void lookAtChaincodes(watched);
  const timer = setInterval(look, watched.seconds * 1000).unref();
  look();
  return () => clearInterval(timer);
}

async function lookAtChaincodes({ ledger, genesis, log, metrics }: WatchedChaincode): Promise<void> {
  const approved = await orFailure(ledger.approvedCode());
  const endorsers = genesis.organisations.filter(({ kind }) => isCareMember(kind));
  await Promise.all(
    endorsers.map(async ({ id: organisation }) => {
      const runs = await orFailure(ledger.runningCode(organisation));
      const unknown = [approved, runs].find((one) => one instanceof Failure);
      metrics.chaincode(organisation, unknown ? undefined : runs === approved);
      const about = { organisation, runs, approved };
      if (unknown) log.warn({ organisation, why: unknown.code }, 'which chaincode runs could not be learned');
      else if (runs !== approved) log.error({ alarm: 'CODE_NOT_APPROVED', about }, 'alarm');
      else log.info(about, 'the approved chaincode runs');
    }),
  );
}

/** Not to know is an answer here. */
function orFailure(asked: Promise<string>): Promise<string | Failure> {
  return asked.catch((error: unknown) => (error instanceof Failure ? error : new Failure('BROKEN')));
}
