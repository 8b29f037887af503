import { setTimeout as pause } from 'node:timers/promises';
import { deviceStanding } from '@chartkey/rules';
import { Device, Failure, NetworkState, queries } from '@chartkey/vocabulary';
import type { Logger } from 'pino';
import { ConfigError } from './config.ts';
import type { Ledger } from './ledger/ledger.ts';
import type { Vault } from './vault/index.ts';

/** Milliseconds that an answer stands, so that health checks of many cost what one's cost. */
const STANDS = 1_000;
/** Milliseconds between two tries to reach the ledger at the start. */
const RETRY = 500;

export interface ReadinessParts {
  ledger: Pick<Ledger, 'evaluate'>;
  vault: Pick<Vault, 'checkWritable'>;
  /** the pinned network id */
  network: string;
  /** thumbprint of the gateway's own device */
  device: string;
  log: Logger;
}

/** Whether this gateway can serve, and why not. */
export class Readiness {
  /** what is over for good and only a restart may mend */
  private readonly lost = new Set<string>();
  private met = false;
  private asked: { at: number; reasons: Promise<string[]> } | undefined;

  constructor(private readonly parts: ReadinessParts) {}

  /**
   * Tries to reach the ledger until it shows the pinned network.
   * @throws ConfigError GENESIS_FILE when it shows another one
   */
  async meetLedger(signal: AbortSignal): Promise<void> {
    let said: string | undefined;
    while (!signal.aborted) {
      const code = await this.lookAtLedger();
      if (code === undefined) {
        this.met = true;
        return;
      }
      if (code !== said) this.parts.log.warn({ code }, 'the ledger does not show the network yet; trying on');
      said = code;
      await pause(RETRY, undefined, { signal }).catch(() => undefined);
    }
    // The gateway stops before it was ready: who waits for that waits no more.
    return new Promise(() => undefined);
  }

  /** Says for good that something has stopped working. */
  lose(what: string): void {
    this.lost.add(what);
  }

  /** Why this gateway cannot serve now; empty when it can. */
  async unready(): Promise<string[]> {
    const now = performance.now();
    if (!this.asked || now - this.asked.at > STANDS) this.asked = { at: now, reasons: this.look() };
    return this.asked.reasons;
  }

  private async look(): Promise<string[]> {
    const { vault } = this.parts;
    const [code, approved, obstacle] = await Promise.all([
      this.lookAtLedger().catch(() => 'WRONG_NETWORK'),
      this.isApproved(),
      vault.checkWritable().then(() => undefined, codeOf),
    ]);
    return [
      ...(code === undefined ? [] : [`the ledger does not answer as it should (${code})`]),
      ...(this.met || code !== undefined ? [] : ['the ledger has just been reached']),
      ...(approved ? [] : ['the gateway’s own device is not approved on the ledger']),
      ...(obstacle === undefined ? [] : [`the vault cannot be written (${obstacle})`]),
      ...this.lost,
    ];
  }

  /** False only when the ledger says so: what it does not say is told apart. */
  private async isApproved(): Promise<boolean> {
    try {
      const device = Device.parse(await this.parts.ledger.evaluate(queries.device, this.parts.device));
      return deviceStanding(device, Date.now()) === undefined;
    } catch (error) {
      return !(error instanceof Failure && error.code === 'DEVICE_UNKNOWN');
    }
  }

  /** What keeps the ledger from showing the pinned network; undefined when nothing does. */
  private async lookAtLedger(): Promise<string | undefined> {
    let network: string;
    try {
      network = NetworkState.parse(await this.parts.ledger.evaluate(queries.network)).network;
    } catch (error) {
      return error instanceof Failure ? error.code : 'BROKEN';
    }
    if (network === this.parts.network) return undefined;
    const says = `the ledger serves the network ${network}, the document makes ${this.parts.network}: connect its own`;
    throw new ConfigError('GENESIS_FILE', says);
  }
}

/** What a disk or a store says no with, e.g. `ENOSPC` or `NoSuchBucket`. */
function codeOf(error: unknown): string {
  const { code, name } = ((error as Error).cause ?? error) as NodeJS.ErrnoException;
  return code ?? name;
}
