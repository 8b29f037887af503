import type { DemoOrganisation } from '../../network/demo/founding.ts';
import * as wire from '../journeys/independent-client.ts';
import { ask, sendStatement } from './rest-answers.ts';

/** A fresh device of an organisation, approved by its master key. Others may take its next number meanwhile. */
export async function approvedDevice(
  { id: organisation, masterKey, url }: DemoOrganisation,
  use = 'workstation',
  /** further words of the approval: its department, say */
  words: object = {},
): Promise<wire.Key> {
  const master = wire.keyFrom(masterKey as unknown as Record<string, string>);
  const key = wire.makeKey();
  const { network } = (await ask(`${url}/.well-known/chartkey`)).json as { network: string };
  const facts = { network, organisation, use, exp: Math.floor(Date.now() / 1000) + 3600 };
  const keys = { sig: key.publicJwk, enc: wire.makeKey().publicJwk };
  const device = wire.jws({ alg: 'ES256', typ: 'chartkey-device+jwt' }, { ...facts, ...keys }, key);
  for (let seq = 1, tries = 0; tries < 20; tries += 1) {
    const approval = { act: 'approveDevice', seq, device, ...words };
    const { status, json } = await sendStatement(
      url,
      wire.statement(network, master, organisation, approval),
    );
    if (status === 201) return key;
    if (json['code'] !== 'STALE_SEQUENCE') throw new Error(`not approved: ${status} ${String(json['code'])}`);
    seq = Number(json['expected']);
  }
  throw new Error('others kept taking the next number');
}
