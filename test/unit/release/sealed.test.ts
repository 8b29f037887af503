import fc from 'fast-check';
import { makeProof, releasesUrl, sealedUrl } from '../../../gateway/src/release/index.ts';
import { within } from '../../../gateway/src/release/sealed.ts';
import { sealedLength } from '../../../gateway/src/vault/index.ts';
import { ask, codeOf } from './asking.ts';
import { gatewayDeviceOf, type TestDevice } from './consortium.ts';
import { newWorld, temporaryFolder, type World } from './world.ts';

const root = temporaryFolder();
const gateway = 'http://127.0.0.1:7001';
let world: World;
beforeEach(async () => {
  world = await newWorld(root);
});
afterEach(() => world.room.close());

const proofOf = (device: TestDevice, url: string) => makeProof(gatewayDeviceOf(device), url, world.clock.now);
const sealedOf = (access: string, range?: { first: number; last?: number } | { suffix: number }) =>
  world.room.sealedOf(access, proofOf(world.devices.lakeside, sealedUrl(gateway, access)), range);

test('sealed bytes of a released access come whole or in part', async () => {
  const { access } = world.newAccess();
  await ask(world, access);
  const whole = await sealedOf(access);
  const bytes = Buffer.concat(await whole.body.toArray());
  expect(bytes).toHaveLength(sealedLength(world.content.length));
  const part = await sealedOf(access, { first: 3, last: 9 });
  expect(part).toMatchObject({ first: 3, last: 9, length: bytes.length });
  expect(Buffer.concat(await part.body.toArray()).equals(bytes.subarray(3, 10))).toBe(true);
});

test('a range beyond the end is not satisfiable', async () => {
  const { access } = world.newAccess();
  await ask(world, access);
  expect(await codeOf(sealedOf(access, { first: 1000 }))).toBe('RANGE_NOT_SATISFIABLE');
  expect(await codeOf(sealedOf(access, { suffix: 0 }))).toBe('RANGE_NOT_SATISFIABLE');
});

test('an access that was not released to this device has no sealed bytes for it', async () => {
  const { access } = world.newAccess();
  expect(await codeOf(sealedOf(access))).toBe('RELEASE_REFUSED');
  await ask(world, access, world.devices.lakesideDesk);
  expect(await codeOf(sealedOf(access))).toBe('RELEASE_REFUSED');
});

test('a proof for a release is none for sealed bytes', async () => {
  const { access } = world.newAccess();
  await ask(world, access);
  const proof = proofOf(world.devices.lakeside, releasesUrl(gateway));
  expect(await codeOf(world.room.sealedOf(access, proof, undefined))).toBe('RELEASE_PROOF_INVALID');
});

test('state altered after the release stops the bytes and raises an alarm', async () => {
  const { access, releasable } = world.newAccess();
  await ask(world, access);
  releasable.entry.basis = 'custodian';
  expect(await codeOf(sealedOf(access))).toBe('LEDGER_DISAGREES');
  expect(world.alarms).toHaveLength(1);
});

test('a session that state prolongs ends five minutes after the access all the same', async () => {
  const { access, releasable } = world.newAccess();
  await ask(world, access);
  releasable.sessionUntil = '2099-01-01T00:00:00.000Z';
  world.clock.now += 300_001;
  expect(await codeOf(sealedOf(access))).toBe('SESSION_EXPIRED');
});

test('any range is what RFC 9110 says it is', () => {
  const numbers = fc.integer({ min: 0, max: 300 });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 200 }), numbers, numbers, (length, first, more) => {
      const bytes = Array.from({ length }, (_, at) => at);
      const expected = bytes.slice(first, first + more + 1);
      const part = attempt({ first, last: first + more }, length);
      expect(part && bytes.slice(part.first, part.last + 1)).toEqual(expected.length ? expected : undefined);
      const suffix = attempt({ suffix: more }, length);
      expect(suffix && bytes.slice(suffix.first)).toEqual(more ? bytes.slice(-more) : undefined);
    }),
  );
});

function attempt(range: Parameters<typeof within>[0], length: number) {
  try {
    return within(range, length);
  } catch {
    return undefined;
  }
}
