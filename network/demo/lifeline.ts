/*
 * Preloaded into the demo's processes: each ends, in order, when whoever started it is gone, however it went
 * (SIGKILL, a closed terminal). The channel that `spawn` was told to open breaks then.
 */
process.on('disconnect', () => process.kill(process.pid, 'SIGTERM'));
process.channel?.unref();
