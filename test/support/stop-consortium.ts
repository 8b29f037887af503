/** jest's globalTeardown: stops what globalSetup started. */
export default async function stopConsortium(): Promise<void> {
  await globalThis.consortiumRun?.stop();
}
