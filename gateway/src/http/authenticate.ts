import type { IncomingMessage } from 'node:http';
import { Failure } from '@chartkey/vocabulary';
import type { Caller, Gateway } from '../gateway.ts';

/**
 * The token68 behind `Authorization: Bearer` (RFC 6750 section 2.1).
 * @throws Failure TOKEN_REQUIRED without one, TOKEN_INVALID for what cannot be one.
 */
export function bearerOf(request: Pick<IncomingMessage, 'headers'>): string {
  const found = /^bearer +(.*)$/i.exec(request.headers.authorization ?? '');
  if (!found?.[1]) throw new Failure('TOKEN_REQUIRED');
  if (!/^[A-Za-z0-9._~+/-]{1,4096}=*$/.test(found[1])) throw new Failure('TOKEN_INVALID');
  return found[1];
}

/** @throws Failure TOKEN_REQUIRED, TOKEN_INVALID */
export function authenticate(gateway: Gateway, request: Pick<IncomingMessage, 'headers'>): Caller {
  const caller = gateway.callerOf(bearerOf(request));
  if (!caller) throw new Failure('TOKEN_INVALID');
  return caller;
}

/** The caller, or nobody: an outdated token must not keep a statement out that needs none. */
export function authenticateIfAny(
  gateway: Gateway,
  request: Pick<IncomingMessage, 'headers'>,
): Caller | undefined {
  try {
    return authenticate(gateway, request);
  } catch {
    return undefined;
  }
}

/** The Bearer JWT by which another gateway proves itself. @throws Failure RELEASE_PROOF_INVALID */
export function proofOf(request: Pick<IncomingMessage, 'headers'>): string {
  const found = /^bearer +([A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+)$/i.exec(
    request.headers.authorization ?? '',
  );
  if (!found?.[1] || found[1].length > 4096) throw new Failure('RELEASE_PROOF_INVALID');
  return found[1];
}

/** Only an organisation's device may upload. @throws Failure DEVICES_ONLY */
export function devicesOnly({ session }: Caller): void {
  if (session.subject !== 'device') throw new Failure('DEVICES_ONLY');
}

/** No gateway opens a record on a patient's authority. @throws Failure END_TO_END_ONLY */
export function neverForPatients({ session }: Caller): void {
  if (session.subject === 'patient') throw new Failure('END_TO_END_ONLY');
}

/** @throws Failure REGULATORS_ONLY */
export function regulatorsOnly({ session, member }: Caller): void {
  if (session.subject !== 'device' || member?.kind !== 'regulator') throw new Failure('REGULATORS_ONLY');
}

/** A patient asks about itself only; devices are decided by the ledger. @throws Failure NOT_YOURS */
export function ownIfPatient({ session }: Caller, { patient }: { patient: string }): void {
  if (session.subject === 'patient' && session.id !== patient) throw new Failure('NOT_YOURS');
}

/** A patient's own log is for that patient and for regulators. @throws Failure NOT_YOURS */
export function ownOrRegulator(caller: Caller, params: { patient: string }): void {
  ownIfPatient(caller, params);
  patientOrRegulator(caller);
}

/** @throws Failure NOT_YOURS */
export function personsOnly({ session }: Caller): void {
  if (session.subject === 'device') throw new Failure('NOT_YOURS');
}

/** Persons are told apart by the patient's delegations; of devices only a regulator's. @throws Failure NOT_YOURS */
export function patientOrRegulator({ session, member }: Caller): void {
  if (session.subject === 'device' && member?.kind !== 'regulator') throw new Failure('NOT_YOURS');
}
