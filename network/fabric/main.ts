import { runInForeground } from '../demo/foreground.ts';
import { FabricUnderneath } from './fabric-underneath.ts';
import { findPrograms } from './programs.ts';

runInForeground({
  command: 'npm run network:fabric',
  notice:
    'It runs on Fabric v3 with SmartBFT, every node on this machine, every key in one folder: a network to try, not one to run.',
  dataDir: '.chartkey-fabric',
  make: async ({ dataDir, portBase }) => new FabricUnderneath(dataDir, portBase, await findPrograms()),
});
