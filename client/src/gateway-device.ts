import { type ApprovedDevice, verifyApproval } from '@chartkey/rules';
import type { Gateway } from './gateway.ts';
import { ChartkeyError } from './problems.ts';
import type { Session } from './session.ts';
import { settled } from './settled.ts';

/** No approval was found, or none holds, of a gateway device of this organisation: nothing is sealed for it. */
export class GatewayUnproven extends ChartkeyError {
  override readonly name = 'GatewayUnproven';
  outcomeUnknown = false;
  constructor(
    readonly organisation: string,
    cause: unknown,
  ) {
    const why = cause instanceof Error ? cause.message : String(cause);
    super(`the gateway device of ${organisation} is not proven (${why})`, { cause });
  }
}

/**
 * The statement that approved an organisation's gateway device, the one approved last: to be proven by whoever
 * relies on it.
 * @throws GatewayUnproven when it has none
 */
export async function approvalOfGateway(session: Session, organisation: string): Promise<string> {
  for await (const { device, use, status } of session.devices(organisation)) {
    if (use === 'gateway' && status === 'approved') {
      return (await session.device(organisation, device)).statement;
    }
  }
  throw new GatewayUnproven(organisation, 'it has none');
}

/**
 * Proves an organisation's gateway device: pinned genesis document -> master key -> approval.
 * @throws GatewayUnproven
 */
export async function provenGateway(
  approval: string,
  { network, genesis, calls }: Gateway,
  organisation: string,
): Promise<ApprovedDevice> {
  try {
    const device = await settled((checks) => verifyApproval(approval, { network, genesis, checks }));
    const isMeant = device.organisation === organisation && device.use === 'gateway';
    const hasEnded = device.validUntil !== undefined && calls.now() > device.validUntil;
    if (!isMeant || hasEnded) throw new TypeError('the approval is of another device, or has ended');
    return device;
  } catch (error) {
    throw new GatewayUnproven(organisation, error);
  }
}
