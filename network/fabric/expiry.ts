import { X509Certificate } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CareNode, FabricPlan } from './plan.ts';

/** Days before its end at which a certificate is worth a word. */
const SOON = 30;
const DAY = 86_400_000;

export interface Ending {
  path: string;
  /** days from now; negative when it has expired */
  days: number;
}

/** Certificates of a member's nodes that have expired or soon do, the earliest first. */
export function endingCertificates(plan: FabricPlan, { member }: CareNode, now = Date.now()): Ending[] {
  const folders = [plan.peerFolder(member), plan.ordererFolder(member), plan.adminMsp(member)];
  const ours = folders.flatMap(certificatesIn);
  const chaincode = (['ca', 'server', 'client'] as const).map(
    (whose) => plan.chaincodeTls(member, whose).certificate,
  );
  return [...ours, ...chaincode]
    .map((path) => ({ path, days: daysLeft(path, now) }))
    .filter(({ days }) => days < SOON)
    .sort((one, other) => one.days - other.days);
}

/** @throws Error with one line that names the certificate that ended first */
export function refuseExpired(plan: FabricPlan, node: CareNode): void {
  const [first] = endingCertificates(plan, node);
  if (first === undefined || first.days >= 0) return;
  throw new Error(
    `Expired ${Math.ceil(-first.days)} days ago: ${first.path}. Have ${node.member.name}’s certificate authority renew it (docs/operating.md, "Certificates"), then start again.`,
  );
}

function certificatesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.(?:pem|crt)$/.test(name))
    .map((name) => join(folder, name));
}

function daysLeft(path: string, now: number): number {
  return (new X509Certificate(readFileSync(path)).validToDate.getTime() - now) / DAY;
}
