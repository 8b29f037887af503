import { createPrivateKey, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { type ConsortiumRun, DEMO_CONSORTIUM, demoPorts, identityFiles } from '@chartkey/network';
import { Client, credentials } from '@grpc/grpc-js';
import { type Contract, connect, hash, signers } from '@hyperledger/fabric-gateway';

/**
 * fabric-gateway as its documentation shows it, with its own signer, submitting a transaction that writes
 * nothing: one session refused for its form.
 */
export class RawClient {
  private readonly client: Client;
  private readonly contract: Contract;
  private readonly close_: () => void;

  constructor(run: ConsortiumRun, portBase: number) {
    const files = identityFiles(run.dataDir);
    const { client } = files.organisations.get('RiversideMSP')!;
    this.client = new Client(
      `127.0.0.1:${demoPorts(portBase).ledger}`,
      credentials.createSsl(readFileSync(files.tlsAuthority.certificate)),
      { 'grpc.ssl_target_name_override': 'localhost' },
    );
    const gateway = connect({
      client: this.client,
      identity: { mspId: 'RiversideMSP', credentials: readFileSync(client.certificate) },
      signer: signers.newPrivateKeySigner(createPrivateKey(readFileSync(client.privateKey))),
      hash: hash.sha256,
    });
    this.contract = gateway.getNetwork(DEMO_CONSORTIUM.channel).getContract(DEMO_CONSORTIUM.chaincode);
    this.close_ = () => gateway.close();
  }

  /** Milliseconds of one submit, from proposal to commit. */
  async submit(): Promise<number> {
    const input = JSON.stringify({ assertions: [randomBytes(8).toString('hex')] });
    const digest = await sha256(input);
    const began = performance.now();
    await this.contract.submit('sessions:startSessions', { arguments: [digest], transientData: { input } });
    return performance.now() - began;
  }

  async alone(milliseconds: number): Promise<number[]> {
    const times: number[] = [];
    for (const began = performance.now(); performance.now() - began < milliseconds; )
      times.push(await this.submit());
    return times;
  }

  close(): void {
    this.close_();
    this.client.close();
  }
}

async function sha256(text: string): Promise<string> {
  const bytes = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text));
  return Buffer.from(bytes).toString('base64url');
}
