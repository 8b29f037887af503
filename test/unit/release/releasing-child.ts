import { randomBytes } from 'node:crypto';
import { openReleasedLog } from '../../../gateway/src/release/released-log.ts';

/** Releases key after key, 16 at a time, and says of each, once it is durable, that it would be answered. */
async function release(folder: string, recipient: string): Promise<void> {
  const log = await openReleasedLog(folder);
  const one = async (): Promise<void> => {
    for (;;) {
      const access = `${randomBytes(32).toString('hex')}:0`;
      await log.append({ access, recipient, until: Date.now() + 300_000 });
      process.stdout.write(`${access}\n`);
    }
  };
  await Promise.all(Array.from({ length: 16 }, one));
}

const [folder = '', recipient = ''] = process.argv.slice(2);
void release(folder, recipient);
