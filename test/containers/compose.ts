import { readFileSync } from 'node:fs';
import { parse } from 'yaml';

/** A service as docker-compose.yaml has it, merged with what it shares with the others. */
export interface ComposeService {
  image: string;
  profiles: string[];
  build?: { context: string; target: string };
  user: string;
  read_only: boolean;
  cap_drop: string[];
  cap_add?: string[];
  security_opt: string[];
  tmpfs: string[];
  restart: string;
  entrypoint?: string[];
  command?: string[];
  environment?: Record<string, string>;
  volumes: string[];
  ports?: string[];
  network_mode?: string;
  networks?: Record<string, { ipv4_address?: string }>;
  depends_on?: Record<string, { condition: string }>;
  healthcheck?: { test: string[] };
}

export interface ComposeFile {
  services: Record<string, ComposeService>;
  networks: Record<string, { internal?: boolean; ipam?: { config: { subnet: string; ip_range: string }[] } }>;
  volumes: Record<string, unknown>;
}

export const readCompose = (path: string) =>
  parse(readFileSync(path, 'utf8'), { merge: true }) as ComposeFile;

/** `source:target[:ro]` */
export function mountOf(volume: string): { source: string; target: string; readOnly: boolean } {
  const [source = '', target = '', mode] = volume.split(':');
  return { source, target, readOnly: mode === 'ro' };
}
