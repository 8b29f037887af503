/** jest's globalTeardown of test:services. */
export default async function stopServices(): Promise<void> {
  await globalThis.runningServices?.stop();
}
