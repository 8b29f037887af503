import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { type ComposeFile, type ComposeService, mountOf } from './compose.ts';
import { makeBridges, type Running, start, writeHosts } from './enclosure.ts';
import type { Image } from './stand-ins.ts';

const HEALTHY_MILLISECONDS = 90_000;
const SUBNETS: Record<string, string> = { storage: '10.71.8' };

/** docker-compose.yaml, run with this machine's programs: order, mounts, users, networks and checks as it says. */
export class ComposeRun {
  private readonly running = new Map<string, Running>();
  private readonly starting = new Map<string, Promise<void>>();
  private readonly addresses = new Map<string, Record<string, string>>();

  constructor(
    private readonly file: ComposeFile,
    private readonly work: string,
    private readonly imageOf: (service: ComposeService) => Image | undefined,
  ) {
    const subnets = Object.entries(file.networks).map(([name, { ipam }]) => {
      const [given] = ipam?.config ?? [];
      return [name, given?.subnet.replace(/\.0\/24$/, '') ?? SUBNETS[name]!] as const;
    });
    makeBridges(Object.fromEntries(subnets.map(([name, subnet]) => [name, `${subnet}.1/24`])));
    const prefix = new Map(subnets);
    Object.entries(file.services).forEach(([name, { networks = {} }], position) => {
      const own = Object.entries(networks).map(([network, { ipv4_address }]) => {
        return [network, ipv4_address ?? `${prefix.get(network)}.${129 + position}`];
      });
      this.addresses.set(name, Object.fromEntries(own) as Record<string, string>);
    });
  }

  /** Names of the services of a profile whose images this machine can stand in for. */
  ofProfile(profile: string): string[] {
    const services = Object.entries(this.file.services);
    return services.flatMap(([name, one]) =>
      one.profiles.includes(profile) && this.imageOf(one) ? [name] : [],
    );
  }

  /** Brings services up, each after what it depends on; one-shots are run to their end. */
  async up(names: string[]): Promise<void> {
    await Promise.all(names.map((name) => this.started(name)));
  }

  /** Forgets the one-shots, so that the next `up` runs them again, as compose does. */
  again(): void {
    for (const [name, { restart }] of Object.entries(this.file.services)) {
      if (restart === 'no') this.starting.delete(name);
    }
  }

  /** Stops what runs, as it is asked to; then whatever does not. */
  async stop(): Promise<void> {
    const ended = [...this.running.values()].map(async ({ child, ended }) => {
      child.kill('SIGTERM');
      const patience = setTimeout(() => child.kill('SIGKILL'), 15_000);
      await ended;
      clearTimeout(patience);
    });
    await Promise.all(ended);
  }

  log(name: string): string {
    return join(this.work, 'logs', `${name}.log`);
  }

  volume(name: string): string {
    return join(this.work, 'volumes', name);
  }

  private started(name: string): Promise<void> {
    const begun = this.starting.get(name) ?? this.begin(name);
    this.starting.set(name, begun);
    return begun;
  }

  private async begin(name: string): Promise<void> {
    const service = this.file.services[name]!;
    const conditions = Object.entries(service.depends_on ?? {});
    await Promise.all(conditions.map(([other, { condition }]) => this.until(other, condition)));
    mkdirSync(join(this.work, 'logs'), { recursive: true });
    const image = this.imageOf(service)!;
    const enclosed = {
      name,
      root: join(this.work, 'roots', name),
      addresses: this.addresses.get(name)!,
      mounts: [
        ...image.mounts,
        ...service.tmpfs.map((target) => ({ target })),
        ...service.volumes.map((volume) => {
          const { source, target, readOnly } = mountOf(volume);
          mkdirSync(this.volume(source), { recursive: true });
          return { source: this.volume(source), target, readOnly };
        }),
      ],
      user: service.user,
      capabilities: service.cap_add ?? [],
      folder: image.folder,
      environment: { ...image.environment, ...service.environment },
      command: [...(service.entrypoint ?? []), ...(service.command ?? image.command)].map((word) =>
        word.replaceAll('$$', '$'),
      ),
    };
    const running = start(enclosed, this.hostsOf(name), this.log(name));
    this.running.set(name, running);
    if (service.restart === 'no') return;
    void running.ended.then(() => this.running.delete(name));
  }

  private async until(name: string, condition: string): Promise<void> {
    await this.started(name);
    if (condition === 'service_completed_successfully') return this.completed(name);
    const service = this.file.services[name]!;
    const test = service.healthcheck?.test ?? this.imageOf(service)?.healthcheck;
    const command = test?.filter((word, at) => at > 0 || word !== 'CMD');
    if (command === undefined) throw new Error(`${name} has no health check, and others wait for it`);
    for (const late = Date.now() + HEALTHY_MILLISECONDS; Date.now() < late; await pause(500)) {
      if (!this.running.has(name)) break;
      if (this.running.get(name)!.execute(command) === 0) return;
    }
    throw new Error(`${name} did not get healthy: ${this.log(name)}`);
  }

  /** Resolves when a one-shot has ended well. */
  async completed(name: string): Promise<void> {
    await this.started(name);
    const code = await this.running.get(name)!.ended;
    if (code !== 0) throw new Error(`${name} ended with ${code}: ${this.log(name)}`);
  }

  /** Resolves when a service is healthy. */
  healthy(name: string): Promise<void> {
    return this.until(name, 'service_healthy');
  }

  /** The names that a service can resolve: whoever shares a network with it. */
  private hostsOf(name: string): string {
    const own = this.addresses.get(name)!;
    const names = [...this.addresses].flatMap(([other, addresses]) => {
      const shared = Object.keys(addresses).find((network) => network in own);
      return shared === undefined ? [] : [[other, addresses[shared]!] as const];
    });
    return writeHosts(join(this.work, 'hosts', name), Object.fromEntries(names));
  }
}
