// A profile is written when a process exits, which a signal alone does not let it do.
process.on('SIGTERM', () => process.exit(0));
