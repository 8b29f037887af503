/** Smaller bytes are left to the collector; the smallest may lie in a pool that others share. */
const LARGE_BYTES = 16_384;

/**
 * Gives the memory of large bytes back at once, by detaching it; they are empty afterwards. Only for whoever
 * knows that nobody else reads them. Not needed, but for streams worth twice their speed: every 64 MiB of
 * buffers that only the collector can free make it mark the whole heap, and what is freed at once is used
 * again while the processor still has it at hand.
 */
export function giveBack(bytes: Uint8Array): void {
  const { buffer } = bytes;
  // A part of larger memory stays: the rest of it may be somebody's.
  if (bytes.length < LARGE_BYTES || bytes.length !== buffer.byteLength) return;
  if (buffer instanceof ArrayBuffer) buffer.transfer(0);
}
