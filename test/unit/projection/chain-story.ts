import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { canonicalJson, digest, signingInput } from '@chartkey/vocabulary';
import type { LedgerBlock, LedgerTransaction, LedgerWrite } from '../../../gateway/src/ledger/ledger.ts';

export const NETWORK = `demo-${digest('network')}`;
/** ledger time of the first transaction, milliseconds */
export const BEGIN = Date.parse('2026-11-01T08:00:00.000Z');

/** A thumbprint, statement id or the like that stands for a word. */
export const id = (word: string) => digest(word);
/** A record's or practitioner's id. */
export const base32 = (word: string) =>
  digest(word)
    .toLowerCase()
    .replace(/[^a-z2-7]/g, 'a')
    .slice(0, 26);
export const instant = (seconds: number) => new Date(BEGIN + seconds * 1000).toISOString();

/** A statement of the right form with a signature of zeros: projections check none. */
export function statement(payload: Record<string, unknown>): { id: string; compact: string } {
  const iat = BEGIN / 1000;
  const signed = signingInput(
    canonicalJson({ alg: 'ES256', kid: id('key'), typ: 'chartkey-statement+jwt' }),
    canonicalJson({ aud: NETWORK, iat, exp: iat + 600, ...payload }),
  );
  return { id: digest(signed), compact: `${signed}.${Buffer.alloc(64).toString('base64url')}` };
}

/** A transaction made of writes, its id and time from its number. */
export function transaction(number: number, make: MakeWrites): LedgerTransaction {
  const told = {
    id: createHash('sha256').update(`transaction ${number}`).digest('hex'),
    time: instant(number),
  };
  return { ...told, valid: true, writes: make(told) };
}
/** What a transaction's writes may tell of it. */
export type Told = { id: string; time: string };
export type MakeWrites = (tx: Told) => LedgerWrite[];

export function statementWrite(told: Told, payload: Record<string, unknown>): LedgerWrite {
  const { id: of, compact } = statement(payload);
  return {
    objectType: 'statement',
    attributes: [of],
    value: { statement: compact, transaction: told.id, committedAt: told.time },
  };
}

export const grantPayload = (patient: string, seq: number, more: Record<string, unknown> = {}) => ({
  act: 'grantConsent',
  iss: patient,
  seq,
  grantee: { organisation: 'LakesideMSP' },
  scope: 'all',
  actions: ['read'],
  purposes: ['TREAT'],
  ...more,
});

/** `denied` and `list` make entries of these kinds; every entry is about one of the patients. */
export function accessesWrite(
  told: Told,
  entries: { patient: string; device?: string; denied?: boolean; list?: boolean }[],
): LedgerWrite {
  const devices = [...new Set(entries.map(({ device }) => device ?? 'ehr'))];
  return {
    objectType: 'accesses',
    attributes: [told.id],
    value: {
      time: told.time,
      askers: devices.map((device) => ({
        session: id(`session of ${device}`),
        until: instant(300),
        organisation: device.startsWith('river') ? 'RiversideMSP' : 'LakesideMSP',
        device: id(device),
        practitioner: base32('practitioner'),
        role: 'physician',
      })),
      entries: entries.map(({ patient, device = 'ehr', denied, list }, item) => ({
        item,
        asker: devices.indexOf(device),
        patient,
        purpose: 'TREAT',
        ...(!list && { record: base32('record'), version: 1 }),
        ...(denied ? { code: 'NO_GRANT' } : { basis: 'grant', grant: id('grant') }),
      })),
    },
  };
}

export function recordWrites(told: Told, record: string, patient: string, version = 1): LedgerWrite[] {
  const custodian = 'RiversideMSP';
  return [
    {
      objectType: 'record',
      attributes: [record],
      value: {
        record,
        patient,
        custodian,
        newest: version,
        commitment: id(`${record} ${version}`),
        madeAt: told.time,
        labels: [],
      },
    },
    {
      objectType: 'version',
      attributes: [record, String(version).padStart(7, '0')],
      value: {
        version,
        author: id('ehr'),
        commitment: id(`${record} ${version}`),
        transaction: told.id,
        committedAt: told.time,
      },
    },
  ];
}

const p256 = (word: string) => ({ kty: 'EC', crv: 'P-256', x: id(`${word} x`), y: id(`${word} y`) });

export function deviceWrite(told: Told, word: string, more: Record<string, unknown> = {}): LedgerWrite {
  return {
    objectType: 'device',
    attributes: [id(word)],
    value: {
      device: id(word),
      organisation: 'RiversideMSP',
      sig: p256(word),
      enc: p256(`${word} enc`),
      use: 'ehr',
      status: 'approved',
      statement: id(`approval of ${word}`),
      approvedAt: told.time,
      ...more,
    },
  };
}

export function grantsWrite(patient: string, grants: object[]): LedgerWrite {
  return { objectType: 'grants', attributes: [patient, 'LakesideMSP'], value: { grants } };
}

/** Blocks from 0 on, each of the given transactions. */
export function chain(...blocks: LedgerTransaction[][]): LedgerBlock[] {
  return blocks.map((transactions, number) => ({ number, transactions }));
}

export function temporaryFolder(): { path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'chartkey-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}
