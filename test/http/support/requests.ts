import { patient, record } from './memory-gateway.ts';
import type { Asking } from './served.ts';

/** What is wrong, what is sent, and the status and code that must come back. */
export type Row = [what: string, asking: Asking, status: number, code: string];

export const device = 'Authorization: Bearer device';
export const proof = 'Authorization: Bearer e30.e30.c2ln';
export const key = 'Idempotency-Key: key';
export const jose = 'Content-Type: application/jose';
export const json = 'Content-Type: application/json';
export const form = 'Content-Type: application/x-www-form-urlencoded';
export const at = (path: string, ...headers: string[]): Asking => ({ path, headers: [device, ...headers] });
export const contentPath = `/v1/records/${record}/content`;
export const content = (...headers: string[]) => at(contentPath, ...headers);
export const upload = (...headers: string[]): Asking => ({
  method: 'POST',
  path: `/v1/records?patient=${patient}`,
  headers: [device, key, ...headers],
  body: 'x',
});
export const statement = (body: string | Buffer, ...headers: string[]): Asking => ({
  method: 'POST',
  path: '/v1/statements',
  headers: [jose, ...headers],
  body,
});
export const release = (body: string | Buffer, ...headers: string[]): Asking => ({
  method: 'POST',
  path: '/v1/releases',
  headers: [proof, json, ...headers],
  body,
});
export const version = (...headers: string[]): Asking => ({
  method: 'PUT',
  path: contentPath,
  headers: [device, ...headers],
  body: 'x',
});
export const offer = (body: string, ...headers: string[]): Asking => ({
  method: 'POST',
  path: '/v1/offers',
  headers: [device, json, ...headers],
  body,
});
