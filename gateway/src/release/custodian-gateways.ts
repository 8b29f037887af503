import { Failure, type Genesis } from '@chartkey/vocabulary';
import { CustodianGateway, type CustodianGatewayParts } from './custodian-gateway.ts';

/** The gateways of other custodians, as the genesis document registers them. */
export class CustodianGateways {
  constructor(private readonly parts: CustodianGatewayParts & { genesis: Genesis }) {}

  /** @throws Failure CUSTODIAN_UNAVAILABLE {organisation} */
  of(custodian: string): CustodianGateway {
    const member = this.parts.genesis.organisations.find((one) => one.id === custodian);
    if (!member) throw new Failure('CUSTODIAN_UNAVAILABLE', { organisation: custodian });
    return new CustodianGateway(custodian, member.url, this.parts);
  }
}
