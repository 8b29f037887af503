import { setTimeout as pause } from 'node:timers/promises';
import { FabricUnderneath } from '../../network/fabric/fabric-underneath.ts';
import { findPrograms } from '../../network/fabric/programs.ts';
import * as wire from '../journeys/independent-client.ts';
import { type OwnConsortium, startOwnConsortium } from '../support/own-consortium.ts';
import { accepted, ask, sendStatement, statementInit } from '../support/rest-answers.ts';

let own: OwnConsortium;
beforeAll(async () => {
  const programs = await findPrograms();
  own = await startOwnConsortium({
    make: async (folder, base) => new FabricUnderneath(folder, base, programs),
  });
}, 180_000);
afterAll(() => own?.stop());

const claimsOf = (compact: string) =>
  JSON.parse(Buffer.from(compact.split('.')[1] ?? '', 'base64url').toString());

test('a revocation carried to a gateway whose peer lags has its first outcome, and a receipt from that peer', async () => {
  const { lake } = own.people;
  const peer = own.run.processes.get('peer-lakeside')!.child;
  peer.kill('SIGSTOP');
  // Enrolled, granted and revoked while Lakeside's peer takes nothing in.
  const patient = await own.people.patient();
  const grant = await patient.grant('LakesideMSP');
  const revocation = patient.revocation(grant);
  const first = accepted(await sendStatement(patient.home.url, revocation));
  const carried = `${lake.organisation.url}/v1/statements?transaction=${first['transaction']}`;
  const answer = ask(carried, statementInit(revocation));
  await pause(1_000);
  peer.kill('SIGCONT');
  const { status, json } = await answer;
  const { receipt, ...outcome } = json;
  const { receipt: other, ...same } = first;
  expect([status, outcome]).toEqual([200, same]);
  const [there, here] = [claimsOf(String(receipt)), claimsOf(String(other))];
  expect(there).toEqual({ ...here, organisation: 'LakesideMSP', iat: expect.any(Number) });
  expect(there.statement).toBe(wire.statementId(revocation));
});
