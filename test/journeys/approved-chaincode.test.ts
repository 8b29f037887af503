import { setTimeout as pause } from 'node:timers/promises';
import { demoPorts } from '../../network/consortium.ts';
import { ledgerKind, sharedConsortium } from '../support/consortium.ts';

const { portBase } = sharedConsortium();
const pageOf = async (port: number) => (await fetch(`http://127.0.0.1:${port}/metrics`)).text();

/** A gateway looks when it starts; the answer may be a moment behind its readiness. */
async function said(port: number): Promise<string[]> {
  for (let left = 100; ; left -= 1) {
    const lines = (await pageOf(port)).match(/^chartkey_chaincode_as_approved\{.*$/gm) ?? [];
    if (lines.length === 4 || left === 0 || ledgerKind === 'embedded') return lines;
    await pause(50);
  }
}

const expected =
  ledgerKind === 'embedded'
    ? []
    : ['HilltopMSP', 'LakesideMSP', 'RegulatorMSP', 'RiversideMSP'].map(
        (id) => `chartkey_chaincode_as_approved{organisation="${id}"} 1`,
      );

test.each([...demoPorts(portBase).metrics])(
  'the gateway of %s says which peers run the approved chaincode, where a ledger knows approvals',
  async (_organisation, port) => {
    expect((await said(port)).sort()).toEqual(expected);
  },
);
