import { Base32Id, Sha256Text, Thumbprint, VersionNumber } from '@chartkey/vocabulary';
import type * as z from 'zod';
import { VaultPathRefused } from './failures.ts';

/*
 * Object names. Every attempt to store a version writes under names of its own, so two attempts never mix:
 *   <xx>/<record>.<version>.<attempt>.sealed       the content
 *   <xx>/<record>.<version>.<commitment>.sidecar   wrapped key, sealed header, leaves; names its attempt
 *   unsettled/<record>.<version>.<attempt>         there until the version is known to be anchored or not
 * <xx> is the record id's first two letters.
 */

const leaf = '[A-Za-z0-9_-][A-Za-z0-9._-]{0,149}';
const namePattern = new RegExp(`^(?:[a-z0-9]{2,16}/)?${leaf}$`);

/** @throws VaultPathRefused for a name that is not `<leaf>` or `<folder>/<leaf>`; no leaf begins with a dot. */
export function checkName(name: string): string {
  if (!namePattern.test(name)) throw new VaultPathRefused('this is not the name of an object in the vault');
  return name;
}

/** @throws VaultPathRefused unless the id has its pattern: it is about to become part of a path. */
function checked(schema: z.ZodType<string | number>, id: string | number, word: string): string | number {
  if (!schema.safeParse(id).success) throw new VaultPathRefused(`this is not a ${word}`);
  return id;
}

function stem(record: string, version: number): string {
  return `${checked(Base32Id, record, 'record id')}.${checked(VersionNumber, version, 'version')}`;
}

function shard(record: string): string {
  return record.slice(0, 2);
}

/** Where an attempt's sealed content lies. */
export function contentName(record: string, version: number, attempt: string): string {
  const end = `${stem(record, version)}.${checked(Base32Id, attempt, 'attempt')}.sealed`;
  return `${shard(record)}/${end}`;
}

/** Where the sidecar of the version with this commitment lies. */
export function sidecarName(record: string, version: number, commitment: string): string {
  const end = `${stem(record, version)}.${checked(Sha256Text, commitment, 'commitment')}.sidecar`;
  return `${shard(record)}/${end}`;
}

/** What the names of all sidecars of a version begin with. */
export function sidecarPrefix(record: string, version: number): string {
  return `${shard(record)}/${stem(record, version)}.`;
}

/** The commitment that a sidecar is named after; undefined for any other name. */
export function commitmentIn(name: string): string | undefined {
  return /\.([A-Za-z0-9_-]{43})\.sidecar$/.exec(name)?.[1];
}

export const unsettledPrefix = 'unsettled/';

/** Where the mark of an attempt that is not settled lies. */
export function unsettledName(record: string, version: number, attempt: string): string {
  return `${unsettledPrefix}${stem(record, version)}.${checked(Base32Id, attempt, 'attempt')}`;
}

/** The attempt that an unsettled mark names; undefined for any other name. */
export function attemptIn(name: string): { record: string; version: number; attempt: string } | undefined {
  const parts = /^unsettled\/([a-z2-7]{26})\.([1-9][0-9]{0,6})\.([a-z2-7]{26})$/.exec(name);
  const [, record, version, attempt] = parts ?? [];
  const known = record && attempt && VersionNumber.safeParse(Number(version)).success;
  return known ? { record, version: Number(version), attempt } : undefined;
}

/** Where a patient's key lies, in the key store. */
export function patientKeyName(patient: string): string {
  return String(checked(Thumbprint, patient, 'patient id'));
}

/** Where the key of a patient's labels lies, in the key store. */
export function labelKeyName(patient: string): string {
  return `labels/${patientKeyName(patient)}`;
}
