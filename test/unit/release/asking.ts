import { Failure, type ReleaseAnswer } from '@chartkey/vocabulary';
import { makeProof, type ReleaseRoom, releasesUrl } from '../../../gateway/src/release/index.ts';
import { gatewayDeviceOf, type TestDevice } from './consortium.ts';
import type { World } from './world.ts';

/** Asks Riverside for the release of an access, as Lakeside's gateway unless told otherwise. */
export function ask(
  world: World,
  access: string,
  by: TestDevice = world.devices.lakeside,
  room: ReleaseRoom = world.room,
): Promise<ReleaseAnswer> {
  const url = releasesUrl('http://127.0.0.1:7001');
  return room.release(access, makeProof(gatewayDeviceOf(by), url, world.clock.now));
}

/** The code a call fails with. */
export async function codeOf(answer: Promise<unknown>): Promise<string> {
  const error = await answer.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  return error instanceof Failure ? error.code : `no failure: ${error}`;
}

/** One way of asking, or one thing altered, and what comes of it. */
export interface Case {
  title: string;
  code: string;
  by?: (it: World) => TestDevice;
  alter: (it: World, access: ReturnType<World['newAccess']>) => void;
}
