import { X509Certificate } from 'node:crypto';
import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  careMembers,
  DEMO_CONSORTIUM,
  demoPorts,
  identityFiles,
  makeIdentities,
  startLedger,
} from '@chartkey/network';
import { issueCertificate, makeAuthority } from '../../network/certificates.ts';
import { readCredential } from '../../network/identities.ts';
import { connectAs, newFolder, startChaincode, text } from '../support/ledger.ts';

describe("the demo network's crypto material", () => {
  let dataDir: string;
  beforeEach(() => {
    dataDir = newFolder();
  });
  afterEach(() => rmSync(dataDir, { recursive: true, force: true }));

  const everyFile = () =>
    readdirSync(dataDir, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name));

  test('a second run changes nothing', async () => {
    await makeIdentities(dataDir);
    const before = everyFile().map((path) => [path, readFileSync(path, 'utf8')]);
    await makeIdentities(dataDir);
    expect(everyFile().map((path) => [path, readFileSync(path, 'utf8')])).toEqual(before);
  });

  test('keys are for their owner only', async () => {
    await makeIdentities(dataDir);
    for (const path of everyFile()) {
      if (path.endsWith('.key')) expect(statSync(path).mode & 0o777).toBe(0o600);
      expect(statSync(join(path, '..')).mode & 0o777).toBe(0o700);
    }
  });

  test('whatever a kill left missing or half written is made again and fits together', async () => {
    await makeIdentities(dataDir);
    for (const path of everyFile()) {
      rmSync(path);
      writeFileSync(`${path}.new`, 'half');
      const files = await makeIdentities(dataDir);
      for (const { authority, client, peer } of files.organisations.values()) {
        const issuer = new X509Certificate(readCredential(authority)!.certificate).publicKey;
        expect(new X509Certificate(readCredential(client)!.certificate).verify(issuer)).toBe(true);
        if (peer) expect(new X509Certificate(readCredential(peer)!.certificate).verify(issuer)).toBe(true);
      }
      const tls = new X509Certificate(readCredential(files.tlsServer)!.certificate);
      expect(tls.verify(new X509Certificate(readCredential(files.tlsAuthority)!.certificate).publicKey)).toBe(
        true,
      );
    }
  });

  test('third parties have a client identity and no peer', () => {
    const { organisations } = identityFiles(dataDir);
    const withPeer = [...organisations].filter(([, files]) => files.peer).map(([mspId]) => mspId);
    expect(withPeer).toEqual(['RiversideMSP', 'LakesideMSP', 'HilltopMSP', 'RegulatorMSP']);
    expect(careMembers(DEMO_CONSORTIUM).map(({ id }) => id)).toEqual(withPeer);
  });

  test('gateways, metrics, ledger and chaincode have their places above the base port', () => {
    const ports = demoPorts(7001);
    expect([...ports.gateways]).toEqual([
      ['RiversideMSP', 7001],
      ['LakesideMSP', 7002],
      ['RegulatorMSP', 7003],
      ['InsurerMSP', 7004],
    ]);
    expect([...ports.metrics.values()]).toEqual([7101, 7102, 7103, 7104]);
    expect([ports.ledger, ports.chaincode]).toEqual([7051, 7052]);
  });

  test('the chaincode may be reached by mutual TLS, and not by a stranger', async () => {
    const authority = await makeAuthority('ca.chaincode', 'Chaincode');
    const issue = async (name: string, hosts: string[], by = authority) => {
      const credential = await issueCertificate(by, { commonName: name, organisation: 'Chaincode', hosts });
      const files = { certificate: join(dataDir, `${name}.crt`), privateKey: join(dataDir, `${name}.key`) };
      writeFileSync(files.certificate, credential.certificate);
      writeFileSync(files.privateKey, credential.privateKey);
      return files;
    };
    const rootCertificate = join(dataDir, 'root.crt');
    writeFileSync(rootCertificate, authority.certificate);
    const server = await issue('server', ['127.0.0.1', 'localhost']);
    const client = await issue('client', []);
    const stranger = await issue('stranger', [], await makeAuthority('ca.stranger', 'Stranger'));
    const chaincode = await startChaincode(undefined, undefined, [
      '--chaincode-tls-cert-file',
      server.certificate,
      '--chaincode-tls-key-file',
      server.privateKey,
      '--chaincode-tls-client-cacert-file',
      rootCertificate,
    ]);
    const chaincodeAddress = chaincode.address;
    const ask = async (shown: typeof client, registered: boolean) => {
      const chaincodeTls = { rootCertificate, client: shown };
      const ledger = await startLedger({
        dataDir,
        port: 0,
        chaincodeAddress,
        chaincodeTls,
        log: () => undefined,
      });
      if (registered) await ledger.chaincodeReady();
      else await new Promise((resolve) => setTimeout(resolve, 500));
      const { contract, close } = connectAs(ledger.address, ledger.identities, 'RiversideMSP');
      try {
        return text(await contract.evaluateTransaction('noop'));
      } finally {
        close();
        await ledger.stop();
      }
    };
    expect(await ask(client, true)).toBe('done');
    await expect(ask(stranger, false)).rejects.toMatchObject({ code: 10 });
    await chaincode.kill();
  });
});
