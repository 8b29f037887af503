import { NOTICE } from '../embedded/ledger.ts';
import { EmbeddedUnderneath } from './embedded-underneath.ts';
import { runInForeground } from './foreground.ts';

runInForeground({
  command: 'npm start',
  notice: `It runs on an ${NOTICE}.`,
  dataDir: '.chartkey',
  make: async ({ dataDir, portBase }) => new EmbeddedUnderneath(dataDir, portBase),
});
