import { checkGatewaySigned, readLateEntry, readStatement, type SignatureChecks } from '@chartkey/rules';
import { Failure, type Genesis, instantAt, type LateEntry, type Witnessed } from '@chartkey/vocabulary';
import type { Devices } from '../release/devices.ts';
import { type GatewayDevice, signedBy } from '../release/gateway-device.ts';
import type { Notes } from './notes.ts';

/** Milliseconds that another gateway's clock may be ahead. */
const SKEW = 60_000;
/** Entries of one hospital that are kept until the ledger has them: as many as it may let wait. */
const MOST = 1_000;

export interface WitnessParts {
  network: string;
  genesis: Genesis;
  organisation: string;
  device: GatewayDevice;
  devices: Pick<Devices, 'approved'>;
  checks: SignatureChecks;
  /** of other organisations' entries */
  notes: Notes;
  now: () => number;
  /** of one hospital, not on the ledger yet */
  most?: number;
}

/** Bears witness to what other hospitals open while the ledger is away: keeps each entry, number by number. */
export class Witness {
  private turn: Promise<unknown> = Promise.resolve();

  constructor(private readonly parts: WitnessParts) {}

  /**
   * Keeps an entry and signs for it; the same one again has the same answer.
   * @throws Failure LATE_ENTRY_INVALID, WRONG_NETWORK, KIND_NOT_ALLOWED, STALE_SEQUENCE {expected},
   * DEVICE_UNKNOWN, DEVICE_REVOKED, LEDGER_UNAVAILABLE for a gateway not known here, BREAK_GLASS_LIMIT, VAULT_FULL
   */
  async bear(compact: string): Promise<string> {
    const { network, genesis, organisation: own, devices, checks, now } = this.parts;
    const entry = readLateEntry(compact);
    const { claims } = entry;
    if (claims.network !== network) throw new Failure('WRONG_NETWORK');
    const member = genesis.organisations.find(({ id }) => id === claims.organisation);
    if (member?.kind !== 'hospital' || member.id === own) throw new Failure('KIND_NOT_ALLOWED');
    if (Date.parse(claims.time) > now() + SKEW) throw new Failure('LATE_ENTRY_INVALID');
    checkGlass(claims);
    checkGatewaySigned(entry, await devices.approved(entry.kid), claims.organisation, checks);
    const kept = this.turn.then(() => this.keep(compact, entry));
    this.turn = kept.catch(() => undefined);
    return kept;
  }

  private async keep(compact: string, entry: ReturnType<typeof readLateEntry>): Promise<string> {
    const { network, organisation: witness, device, notes, now, most = MOST } = this.parts;
    const { organisation, number } = entry.claims;
    const known = notes.get(organisation, number);
    if (known?.witnessed !== undefined && readLateEntry(known.entry).id === entry.id) return known.witnessed;
    const last = notes.last(organisation);
    // One that begins to bear witness does not know what went before.
    if (last > 0 && number !== last + 1) throw new Failure('STALE_SEQUENCE', { expected: last + 1 });
    if (notes.open(organisation).length >= most) throw new Failure('BREAK_GLASS_LIMIT', { of: 'outage' });
    const word: Witnessed = {
      network,
      witness,
      organisation,
      number,
      entry: entry.id,
      time: instantAt(now()),
    };
    const witnessed = signedBy(device, 'chartkey-witness+jwt', word);
    await notes.put(organisation, number, { entry: compact, witnessed, done: false });
    return witnessed;
  }
}

/** An entry that names no opening could never become a dispute. @throws Failure LATE_ENTRY_INVALID */
function checkGlass({ opening, second, patient }: LateEntry): void {
  let isMeant: boolean;
  try {
    const opened = readStatement(opening, 'openBreakGlass');
    const seconded = readStatement(second, 'secondBreakGlass');
    isMeant = opened.payload.patient === patient && seconded.payload.opening === opened.id;
  } catch {
    isMeant = false;
  }
  if (!isMeant) throw new Failure('LATE_ENTRY_INVALID');
}
