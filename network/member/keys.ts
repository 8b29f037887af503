import { createPrivateKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { P256Key, thumbprint } from '@chartkey/vocabulary';
import * as z from 'zod';
import { writeDurably } from '../durable-file.ts';

/** A P-256 private key as a JWK (RFC 7517). */
export const PrivateJwk = P256Key.extend({ d: z.string().regex(/^[A-Za-z0-9_-]{43}$/) });
export type PrivateJwk = z.infer<typeof PrivateJwk>;

/** A device's private keys, as a gateway's GATEWAY_DEVICE and `demo/credentials.json` hold them. */
export const DeviceKeys = z.object({ device: z.string(), sig: PrivateJwk, enc: PrivateJwk });
export type DeviceKeys = z.infer<typeof DeviceKeys>;

export function makeKey(): PrivateJwk {
  return PrivateJwk.parse(
    generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'jwk' }),
  );
}

export function makeDeviceKeys(): DeviceKeys {
  const sig = makeKey();
  return { device: thumbprint(sig), sig, enc: makeKey() };
}

export function publicPart({ d: _private, ...key }: PrivateJwk): P256Key {
  return key;
}

export function keyObject(key: PrivateJwk): KeyObject {
  return createPrivateKey({ format: 'jwk', key: { ...key } });
}

/**
 * Writes a file that its owner alone reads.
 * @throws Error with one line when the file is there: a key written over is lost for good
 */
export function writeNew(path: string, value: unknown): void {
  if (existsSync(path)) throw new Error(`${path} is there already and is not written over.`);
  if (value instanceof Uint8Array) writeDurably(path, value, 0o600);
  else writeJson(path, value);
}

/** A file's text. @throws Error with one line that names the file */
export function textIn(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new Error(`${path} cannot be read (${(error as NodeJS.ErrnoException).code}).`);
  }
}

export function writeJson(path: string, value: unknown): void {
  writeDurably(path, `${JSON.stringify(value, null, 2)}\n`, 0o600);
}

/** @throws Error with one line that names the file and what is wrong with it */
export function readAs<Shape extends z.ZodType>(shape: Shape, path: string, what: string): z.output<Shape> {
  let json: unknown;
  try {
    json = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    const { code = 'not JSON' } = error as NodeJS.ErrnoException;
    throw new Error(`${path} cannot be read (${code}): it should hold ${what}.`);
  }
  const parsed = shape.safeParse(json);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new Error(
    `${path} is not ${what}: ${[issue?.path.join('.'), issue?.message].filter(Boolean).join(': ')}.`,
  );
}
