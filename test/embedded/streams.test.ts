import { getEventListeners } from 'node:events';
import { Writable } from 'node:stream';
import { Limit, stream } from '../../network/embedded/calls.ts';

type Call = Parameters<typeof stream>[0];
/** One side of a stream, which takes messages as it is told to. */
const callThat = (write: (taken: () => void) => void): Call =>
  Object.assign(new Writable({ objectMode: true, write: (_message, _encoding, taken) => write(taken) }), {
    cancelled: false,
  }) as unknown as Call;

test('a stream that sends for long gathers nothing that listens for its end', async () => {
  const listening: number[] = [];
  await stream(
    callThat((taken) => setImmediate(taken)),
    new Limit('streams', 1),
    async (send, signal) => {
      for (let sent = 0; sent < 100; sent += 1) {
        await send(Uint8Array.of(sent));
        listening.push(getEventListeners(signal, 'abort').length);
      }
    },
  );
  expect(new Set(listening)).toEqual(new Set([0]));
});

test('who waits for a slow reader is let go when the reader leaves', async () => {
  const call = callThat(() => undefined);
  let wasAborted = false;
  await stream(call, new Limit('streams', 1), async (send, signal) => {
    setImmediate(() => call.emit('cancelled'));
    await send(Uint8Array.of(1));
    wasAborted = signal.aborted;
  });
  expect(wasAborted).toBe(true);
});
