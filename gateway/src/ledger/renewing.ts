import { Failure } from '@chartkey/vocabulary';
import { status } from '@grpc/grpc-js';
import { GatewayError } from '@hyperledger/fabric-gateway';
import type { Ledger } from './ledger.ts';

/** Queries that must have timed out, with nothing answered meanwhile, before a connection counts as dead. */
const SILENT = 3;

/**
 * A ledger that connects anew when its connection has gone silent. An HTTP/2 session that a peer's crash cut
 * under load can stay "ready" in grpc-js without a socket until its keepalive finds out 80 s later, and Fabric
 * peers allow no quicker pings. Closing ends what still waits on the dead one: streams of blocks begin again,
 * commits are OUTCOME_UNKNOWN.
 */
export function renewing(connect: () => Ledger, renewed: () => void = () => {}): Ledger {
  let current = connect();
  let silent = 0;
  const heard = async <Answer>(ask: (ledger: Ledger) => Promise<Answer>): Promise<Answer> => {
    const asked = current;
    try {
      const answer = await ask(asked);
      silent = 0;
      return answer;
    } catch (error) {
      if (!isSilence(error)) silent = 0;
      else if (asked === current) silent += 1;
      if (silent >= SILENT) {
        silent = 0;
        current = connect();
        asked.close();
        renewed();
      }
      throw error;
    }
  };
  return {
    submit: (...proposal) => current.submit(...proposal),
    evaluate: (...query) => heard((ledger) => ledger.evaluate(...query)),
    approvedCode: () => current.approvedCode(),
    runningCode: (organisation) => current.runningCode(organisation),
    height: () => heard((ledger) => ledger.height()),
    commitOf: (...commit) => current.commitOf(...commit),
    blocks: (...from) => current.blocks(...from),
    close: () => current.close(),
  };
}

function isSilence(error: unknown): boolean {
  const cause = error instanceof Failure ? error.cause : undefined;
  return cause instanceof GatewayError && cause.code === status.DEADLINE_EXCEEDED;
}
