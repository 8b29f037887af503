import type { Member } from '../consortium.ts';
import { HOME, ports } from './places.ts';

/** Host name and CA name of a member's certificate authority. */
export const authorityName = ({ label }: Member) => `ca-${label}`;

/**
 * fabric-ca-server-config.yaml (JSON is YAML): the authority that cryptogen made for the organisation's MSP,
 * so what it issues belongs to the MSP.
 * @param password of the registrar `admin`
 */
export function authorityConfig(member: Member, password: string): object {
  const name = authorityName(member);
  const years = (count: number) => `${count * 8760}h`;
  return {
    address: '0.0.0.0',
    port: ports.authority,
    tls: { enabled: true, certfile: `${HOME}/tls.crt`, keyfile: `${HOME}/tls.key` },
    ca: { name, certfile: `${HOME}/ca.crt`, keyfile: `${HOME}/ca.key` },
    registry: {
      maxenrollments: -1,
      identities: [
        {
          name: 'admin',
          pass: password,
          type: 'client',
          affiliation: '',
          attrs: {
            'hf.Registrar.Roles': 'client,peer',
            'hf.Registrar.Attributes': '*',
            'hf.Revoker': true,
            'hf.GenCRL': true,
          },
        },
      ],
    },
    db: { type: 'sqlite3', datasource: `${HOME}/authority.db` },
    signing: { default: { usage: ['digital signature'], expiry: years(1) } },
    csr: { cn: name, names: [{ O: member.name }], ca: { expiry: years(10), pathlength: 0 } },
    bccsp: {
      default: 'SW',
      sw: { hash: 'SHA2', security: 256, filekeystore: { keystore: `${HOME}/msp/keystore` } },
    },
    operations: { listenAddress: '127.0.0.1:0' },
    metrics: { provider: 'disabled' },
  };
}
